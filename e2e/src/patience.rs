//! Waiting for what must come true, on a machine that may be starved.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};

/// As long as anything may take. A scenario that passes does not wait for it.
pub const PATIENCE: Duration = Duration::from_secs(300);
const PAUSE: Duration = Duration::from_millis(200);

/// Asks `check` until it gives a value. After [`PATIENCE`] the error has its last reason.
pub async fn until<T>(what: &str, check: impl AsyncFn() -> Result<T>) -> Result<T> {
    within(PATIENCE, what, check).await
}

/// The same with another patience.
pub async fn within<T>(patience: Duration, what: &str, check: impl AsyncFn() -> Result<T>) -> Result<T> {
    let deadline = Instant::now() + patience;
    loop {
        match check().await {
            Ok(value) => return Ok(value),
            Err(reason) if Instant::now() > deadline => {
                return Err(reason).with_context(|| format!("not so after {patience:?}: {what}"));
            }
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}
