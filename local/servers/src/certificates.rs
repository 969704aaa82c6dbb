//! Certificates for servers and clients of tests.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// An authority (`ca.crt`) and a certificate of `name` for `localhost` and `127.0.0.1`, signed by it (`tls.crt`, `tls.key`).
pub(crate) fn make(folder: &Path, name: &str) -> Result<()> {
    fs::create_dir_all(folder)?;
    request(folder, &["-subj", "/CN=local-servers", "-keyout", "ca.key", "-out", "ca.crt"])?;
    signed(folder, name, "tls", &["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"])
}

/// A client's certificate, signed by that folder's authority (`client.crt`, `client.key`).
pub(crate) fn client(folder: &Path, name: &str) -> Result<()> {
    signed(folder, name, "client", &["-addext", "extendedKeyUsage=clientAuth"])
}

/// The folder's server certificate as Java reads it (`tls.p12`).
pub(crate) fn key_store(folder: &Path, password: &str) -> Result<()> {
    let pass = format!("pass:{password}");
    let args = ["pkcs12", "-export", "-in", "tls.crt", "-inkey", "tls.key", "-out", "tls.p12", "-passout", &pass];
    openssl(folder, &args)
}

fn signed(folder: &Path, name: &str, file: &str, more: &[&str]) -> Result<()> {
    let (subject, key, certificate) = (format!("/CN={name}"), format!("{file}.key"), format!("{file}.crt"));
    let mut args = vec!["-subj", &subject, "-CA", "ca.crt", "-CAkey", "ca.key", "-keyout", &key, "-out", &certificate];
    args.extend(["-addext", "basicConstraints=critical,CA:FALSE"]);
    args.extend(more);
    request(folder, &args)
}

fn request(folder: &Path, more: &[&str]) -> Result<()> {
    let mut args = vec!["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    args.extend(["-days", "3650"]);
    args.extend(more);
    openssl(folder, &args)
}

fn openssl(folder: &Path, args: &[&str]) -> Result<()> {
    let out = Command::new("openssl")
        .args(args)
        .current_dir(folder)
        .output()
        .context("cannot run openssl (package openssl)")?;
    ensure!(out.status.success(), "openssl: {}", String::from_utf8_lossy(&out.stderr));
    Ok(())
}
