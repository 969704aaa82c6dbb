//! GreenMail: takes all mail and shows it over HTTP (`GET /api/user/{address}/messages`).

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;

use crate::{Installed, Process, Recipe, certificates, free_port};

const START: Duration = Duration::from_secs(180);

/// A mail catcher. It keeps mail in memory only.
#[derive(Debug)]
pub struct Mail {
    process: Process,
    smtp: u16,
    api: u16,
    secure: Option<(u16, PathBuf)>,
}

const KEY_STORE_PASSWORD: &str = "local-servers";

impl Mail {
    /// Starts one that writes its log into `folder`.
    pub fn start(installed: &Installed, folder: &Path) -> Result<Self> {
        let (smtp, api) = (free_port()?, free_port()?);
        // Any address is a mailbox, without being made first.
        let recipe = recipe(installed, folder, smtp, api).arg("-Dgreenmail.auth.disabled");
        Self::run(recipe, smtp, api, None)
    }

    /// One that also takes mail over TLS (SMTPS), and knows one user and password.
    pub fn start_secure(installed: &Installed, folder: &Path, user: &str, password: &str) -> Result<Self> {
        let (smtp, api, smtps) = (free_port()?, free_port()?, free_port()?);
        let tls = folder.join("tls");
        certificates::make(&tls, "mail")?;
        certificates::key_store(&tls, KEY_STORE_PASSWORD)?;
        let recipe = recipe(installed, folder, smtp, api)
            .arg("-Dgreenmail.smtps.hostname=127.0.0.1")
            .arg(format!("-Dgreenmail.smtps.port={smtps}"))
            .arg(format!("-Dgreenmail.tls.keystore.file={}", tls.join("tls.p12").display()))
            .arg(format!("-Dgreenmail.tls.keystore.password={KEY_STORE_PASSWORD}"))
            .arg(format!("-Dgreenmail.users={user}:{password}@localhost"));
        Self::run(recipe, smtp, api, Some((smtps, tls.join("ca.crt"))))
    }

    fn run(recipe: Recipe, smtp: u16, api: u16, secure: Option<(u16, PathBuf)>) -> Result<Self> {
        let recipe = recipe.arg("com.icegreen.greenmail.standalone.GreenMailStandaloneRunner");
        let mut mail = Self { process: Process::start(recipe)?, smtp, api, secure };
        mail.process.wait_ready(START, || is_ready(api))?;
        Ok(mail)
    }

    /// `127.0.0.1:port` for SMTP without TLS.
    pub fn smtp(&self) -> String {
        format!("127.0.0.1:{}", self.smtp)
    }

    /// `127.0.0.1:port` for SMTP over TLS, and the CA's certificate in PEM; none without [`Mail::start_secure`].
    pub fn smtps(&self) -> Option<(String, &Path)> {
        self.secure.as_ref().map(|(port, ca)| (format!("127.0.0.1:{port}"), ca.as_path()))
    }

    /// `http://127.0.0.1:port` of the HTTP API.
    pub fn api(&self) -> String {
        format!("http://127.0.0.1:{}", self.api)
    }

    /// The server's process, to stop, kill or freeze it.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }
}

fn recipe(installed: &Installed, folder: &Path, smtp: u16, api: u16) -> Recipe {
    Recipe::new("GreenMail", installed.java(), folder.join("mail.log"))
        .args(["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx128m"])
        .arg("-Dgreenmail.smtp.hostname=127.0.0.1")
        .arg(format!("-Dgreenmail.smtp.port={smtp}"))
        .arg("-Dgreenmail.api.hostname=127.0.0.1")
        .arg(format!("-Dgreenmail.api.port={api}"))
        .args(["-cp", &format!("{}/*", installed.mail_libs().display())])
}

fn is_ready(port: u16) -> bool {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else { return false };
    let mut head = [0; 12];
    stream.set_read_timeout(Some(Duration::from_secs(2))).is_ok()
        && stream.write_all(b"GET /api/service/readiness HTTP/1.0\r\n\r\n").is_ok()
        && stream.read_exact(&mut head).is_ok()
        && head.ends_with(b"200")
}
