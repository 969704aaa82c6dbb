//! `cargo xtask generate folding`: which characters MySQL's LIKE takes for the same, from a real server into search-api.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;
use local_servers::{Installed, Mysql, MysqlOptions};

use crate::checkout::Checkout;
use crate::provision;
use crate::step::{output, step};

const TABLE: &str = "services/search-api/src/folding/table.bin";

/// Starts a MySQL of its own and asks it. The table changes only when the server's collation does.
pub fn generate(checkout: &Checkout) -> Result<PathBuf> {
    provision::build_packages(checkout)?;
    provision::servers(checkout)?;
    let installed = Installed::at(checkout.local())?;
    let folder = tempfile::tempdir()?;
    let mut server = step("start MySQL", || Mysql::start(&installed, folder.path(), &MysqlOptions::default()))?;
    let table = checkout.path(TABLE);
    let said = step("ask it about every character", || {
        output(
            Command::new("cargo")
                .args(["run", "--quiet", "--package", "search-api", "--example", "folding", "--"])
                .arg(&table)
                .env_remove("CARGO_MANIFEST_DIR")
                .env("TEST_MYSQL_URL", server.url())
                .current_dir(checkout.root()),
        )
    })?;
    eprint!("    {said}");
    server.stop()?;
    Ok(table)
}
