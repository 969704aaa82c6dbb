//! Passwords and tokens of the local platform: random, made once, kept in `target/local/platform` beside
//! the data that knows them.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::certificates::write_secret;
use crate::checkout::Checkout;

/// What must be known on both sides.
#[derive(Clone)]
pub struct Secrets {
    /// root of MySQL.
    pub mysql_root: String,
    /// MySQL's user `shop`, who owns the database `orders`.
    pub mysql_shop: String,
    /// The platform's admin token.
    pub admin_token: String,
}

impl Secrets {
    /// Reads them, and makes those that are missing.
    pub fn load_or_create(checkout: &Checkout) -> Result<Self> {
        let folder = folder(checkout);
        fs::create_dir_all(&folder)?;
        Ok(Self {
            mysql_root: secret(&folder, "mysql-root")?,
            mysql_shop: secret(&folder, "mysql-shop")?,
            admin_token: secret(&folder, "admin-token")?,
        })
    }
}

/// `target/local/platform`.
pub fn folder(checkout: &Checkout) -> PathBuf {
    checkout.local().join("platform")
}

fn secret(folder: &Path, name: &str) -> Result<String> {
    let path = folder.join(name);
    if let Ok(text) = fs::read_to_string(&path) {
        return Ok(text);
    }
    let mut bytes = [0; 20];
    File::open("/dev/urandom").and_then(|mut random| random.read_exact(&mut bytes)).context("no /dev/urandom")?;
    let text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    write_secret(&path, &text)?;
    Ok(text)
}
