//! Formatting and clippy.

use anyhow::Result;

use super::cargo::Cargo;
use super::count::Count;

/// Each counts as one.
pub fn run(cargo: &Cargo<'_>) -> Result<Count> {
    let mut count = Count::one(cargo.succeeds(&["fmt", "--all", "--check"])?);
    count += Count::one(cargo.succeeds(&["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"])?);
    Ok(count)
}
