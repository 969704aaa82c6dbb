//! The SMTP server: how it is reached, and one send.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lettre::message::Mailbox;
use lettre::transport::smtp::PoolConfig;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, CertificateStore, Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use secrecy::ExposeSecret;
use service_runtime::{ConfigError, secret_file};
use tokio::time::timeout;

use crate::claim::SEND_LIMIT;
use crate::failure::{Failure, Fault, of_smtp};

/// Where mail goes.
#[derive(Clone, Debug, clap::Args)]
pub struct SmtpArgs {
    /// Host name of the SMTP server; with TLS it must be in its certificate.
    #[arg(long, env)]
    pub smtp_host: String,

    /// TCP port; usually 25, 587 (starttls) or 465 (tls).
    #[arg(long, env)]
    pub smtp_port: u16,

    /// Sender, for example `The Shop <orders@shop.example>`.
    #[arg(long, env)]
    pub smtp_from: String,

    /// `none`: plain text, for a relay in the same cluster. `starttls` and `tls` verify the server.
    #[arg(long, env, value_enum, default_value = "starttls")]
    pub smtp_tls: SmtpTls,

    /// CA (PEM) that signed the server's certificate; without it the system's roots count. Read again when it changes.
    #[arg(long, env)]
    pub smtp_ca_file: Option<PathBuf>,

    /// Folder with the files `username` and `password`; without it we do not log in. Read again when it changes.
    #[arg(long, env)]
    pub smtp_credentials_dir: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum SmtpTls {
    None,
    Starttls,
    Tls,
}

type Transport = AsyncSmtpTransport<Tokio1Executor>;

/// What is read from files.
#[derive(Clone, PartialEq, Eq)]
struct Files {
    /// User and password.
    login: Option<(String, String)>,
    /// PEM.
    ca: Option<Vec<u8>>,
}

/// Sends; cheap to clone, the connections are shared.
#[derive(Clone)]
pub struct Mailer {
    args: Arc<SmtpArgs>,
    from: Mailbox,
    current: Arc<Mutex<(Files, Transport)>>,
}

impl Mailer {
    /// # Errors
    /// A sender that is no address, credentials that cannot be read, TLS that cannot be set up.
    pub fn new(args: &SmtpArgs) -> Result<Self, ConfigError> {
        let from = args.smtp_from.parse().map_err(|_| ConfigError::new("SMTP_FROM", "must be a mail address"))?;
        let files = files(args)?;
        let transport = transport(args, &files)?;
        Ok(Self { args: Arc::new(args.clone()), from, current: Arc::new(Mutex::new((files, transport))) })
    }

    pub fn from(&self) -> &Mailbox {
        &self.from
    }

    /// Hands the message over. After an error it may have been taken all the same: the answer can get lost.
    ///
    /// # Errors
    /// See [`Fault`].
    pub async fn send(&self, message: Message) -> Result<(), Failure> {
        let transport = self.transport();
        match timeout(SEND_LIMIT, transport.send(message)).await {
            Ok(Ok(_response)) => Ok(()),
            Ok(Err(error)) => Err(of_smtp(&error)),
            Err(_) => Err(Failure { fault: Fault::Server, why: format!("no answer within {SEND_LIMIT:?}") }),
        }
    }

    /// The connections in use, made anew when login or CA changed. While the files cannot be read the old ones stay.
    fn transport(&self) -> Transport {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if let Ok(found) = files(&self.args)
            && found != current.0
            && let Ok(transport) = transport(&self.args, &found)
        {
            tracing::info!("SMTP login or CA changed; new connections use them");
            *current = (found, transport);
        }
        current.1.clone()
    }
}

fn files(args: &SmtpArgs) -> Result<Files, ConfigError> {
    let read = |folder: &Path, key: &str| {
        secret_file::read("SMTP_CREDENTIALS_DIR", &folder.join(key)).map(|secret| secret.expose_secret().to_owned())
    };
    let login = match &args.smtp_credentials_dir {
        Some(folder) => Some((read(folder, "username")?, read(folder, "password")?)),
        None => None,
    };
    let ca = match &args.smtp_ca_file {
        Some(file) => {
            let cannot = |error| ConfigError::new("SMTP_CA_FILE", format!("cannot read {}: {error}", file.display()));
            Some(std::fs::read(file).map_err(cannot)?)
        }
        None => None,
    };
    Ok(Files { login, ca })
}

fn tls(args: &SmtpArgs, files: &Files) -> Result<TlsParameters, ConfigError> {
    let mut builder = TlsParameters::builder(args.smtp_host.clone());
    if let Some(pem) = &files.ca {
        let invalid = |error| ConfigError::new("SMTP_CA_FILE", format!("is no certificate in PEM: {error}"));
        // Whoever names a CA trusts that one and no other.
        builder = builder.certificate_store(CertificateStore::None);
        builder = builder.add_root_certificate(Certificate::from_pem(pem).map_err(invalid)?);
    }
    builder.build().map_err(|error| ConfigError::new("SMTP_TLS", format!("TLS cannot be set up: {error}")))
}

fn transport(args: &SmtpArgs, files: &Files) -> Result<Transport, ConfigError> {
    let tls = match args.smtp_tls {
        SmtpTls::None => Tls::None,
        SmtpTls::Starttls => Tls::Required(tls(args, files)?),
        SmtpTls::Tls => Tls::Wrapper(tls(args, files)?),
    };
    let mut builder = Transport::builder_dangerous(&args.smtp_host)
        .port(args.smtp_port)
        .tls(tls)
        .timeout(Some(Duration::from_secs(15)))
        .pool_config(PoolConfig::new().max_size(16).idle_timeout(Duration::from_secs(30)));
    if let Some((username, password)) = &files.login {
        builder = builder.credentials(Credentials::new(username.clone(), password.clone()));
    }
    Ok(builder.build())
}
