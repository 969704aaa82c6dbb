//! How a service reaches Kafka: flags and mounted files to librdkafka's configuration.

use std::path::{Path, PathBuf};

use rdkafka::ClientConfig;
use secrecy::ExposeSecret;

use crate::{ConfigError, secret_file};

/// Where Kafka is and who we are there.
#[derive(Clone, Debug, clap::Args)]
pub struct KafkaArgs {
    /// Bootstrap servers, `host:port` separated by commas.
    #[arg(long, env)]
    pub kafka_bootstrap: String,

    /// The topic of order events; dead letters go to `<topic>-dlt`.
    #[arg(long, env, default_value = "orders")]
    pub kafka_topic: String,

    /// How the connection is secured.
    #[arg(long, env, value_enum, default_value = "plaintext")]
    pub kafka_security_protocol: SecurityProtocol,

    /// The CA that signed the brokers' certificates: a file, or a folder of which every *.crt is trusted
    /// (Strimzi keeps the old CA beside the new one while it replaces it).
    #[arg(long, env)]
    pub kafka_ca: Option<PathBuf>,

    /// SASL mechanism.
    #[arg(long, env, default_value = "SCRAM-SHA-512")]
    pub kafka_sasl_mechanism: String,

    /// SASL user.
    #[arg(long, env)]
    pub kafka_username: Option<String>,

    /// File with the SASL password.
    #[arg(long, env)]
    pub kafka_password_file: Option<PathBuf>,

    /// Client certificate (PEM), for listeners with TLS authentication.
    #[arg(long, env)]
    pub kafka_client_cert_file: Option<PathBuf>,

    /// The certificate's key (PEM).
    #[arg(long, env)]
    pub kafka_client_key_file: Option<PathBuf>,

    /// Names this process in the brokers' logs and quotas. Must be its own: cooperative-sticky loops for ever
    /// when two members share it (librdkafka#4783). Default: the host name, which is the pod's name.
    #[arg(long, env)]
    pub kafka_client_id: Option<String>,
}

/// librdkafka's `security.protocol`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum SecurityProtocol {
    /// No TLS, no authentication: for tests on one machine.
    Plaintext,
    /// TLS, with a client certificate when one is given.
    Ssl,
    /// SASL without TLS.
    SaslPlaintext,
    /// SASL over TLS.
    SaslSsl,
}

impl SecurityProtocol {
    fn as_str(self) -> &'static str {
        match self {
            Self::Plaintext => "plaintext",
            Self::Ssl => "ssl",
            Self::SaslPlaintext => "sasl_plaintext",
            Self::SaslSsl => "sasl_ssl",
        }
    }

    fn has_tls(self) -> bool {
        matches!(self, Self::Ssl | Self::SaslSsl)
    }

    fn has_sasl(self) -> bool {
        matches!(self, Self::SaslPlaintext | Self::SaslSsl)
    }
}

impl KafkaArgs {
    /// The connection's part of a client configuration; the caller adds what makes it a producer or consumer.
    pub fn client_config(&self) -> Result<ClientConfig, ConfigError> {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", &self.kafka_bootstrap);
        config.set("security.protocol", self.kafka_security_protocol.as_str());
        config.set("client.id", self.client_id());
        // Find a broker that is back within a second or two; the default backs off to ten.
        config.set("reconnect.backoff.max.ms", "2000");
        // A broker's pod that was replaced has another address, and nobody answers at the old one: ask DNS again soon, where
        // the default waits 30 s for the connection.
        config.set("socket.connection.setup.timeout.ms", "2000");
        config.set("log.connection.close", "false");
        if self.kafka_security_protocol.has_tls() {
            if let Some(ca) = &self.kafka_ca {
                config.set("ssl.ca.pem", read_certificates(ca)?);
            }
            config.set("ssl.endpoint.identification.algorithm", "https");
            if let Some(file) = &self.kafka_client_cert_file {
                config.set("ssl.certificate.pem", secret_file::read("KAFKA_CLIENT_CERT_FILE", file)?.expose_secret());
            }
            if let Some(file) = &self.kafka_client_key_file {
                config.set("ssl.key.pem", secret_file::read("KAFKA_CLIENT_KEY_FILE", file)?.expose_secret());
            }
        }
        if self.kafka_security_protocol.has_sasl() {
            let username = self.kafka_username.as_deref();
            let file = self.kafka_password_file.as_deref();
            config.set("sasl.mechanism", &self.kafka_sasl_mechanism);
            config.set("sasl.username", username.ok_or_else(|| needed("KAFKA_USERNAME"))?);
            let password =
                secret_file::read("KAFKA_PASSWORD_FILE", file.ok_or_else(|| needed("KAFKA_PASSWORD_FILE"))?)?;
            config.set("sasl.password", password.expose_secret());
        }
        Ok(config)
    }

    /// The client id in use.
    pub fn client_id(&self) -> String {
        let host = || std::fs::read_to_string("/proc/sys/kernel/hostname").map(|name| name.trim().to_owned());
        self.kafka_client_id.clone().or_else(|| host().ok()).unwrap_or_else(|| format!("pid-{}", std::process::id()))
    }
}

fn needed(setting: &str) -> ConfigError {
    ConfigError::new(setting, "is needed with KAFKA_SECURITY_PROTOCOL=sasl_…")
}

fn read_certificates(path: &Path) -> Result<String, ConfigError> {
    let error =
        |error: std::io::Error| ConfigError::new("KAFKA_CA", format!("cannot read {}: {error}", path.display()));
    if !path.is_dir() {
        return std::fs::read_to_string(path).map_err(error);
    }
    let mut files: Vec<PathBuf> = std::fs::read_dir(path)
        .map_err(error)?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|file| file.extension().is_some_and(|extension| extension == "crt"))
        .collect();
    files.sort();
    if files.is_empty() {
        return Err(ConfigError::new("KAFKA_CA", format!("{} holds no *.crt", path.display())));
    }
    let texts: Result<Vec<String>, _> = files.iter().map(std::fs::read_to_string).collect();
    Ok(texts.map_err(error)?.join("\n"))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        kafka: KafkaArgs,
    }

    fn config(flags: &[&str]) -> Result<ClientConfig, ConfigError> {
        Cli::parse_from(["test", "--kafka-bootstrap", "b:9092"].iter().chain(flags)).kafka.client_config()
    }

    #[test]
    fn sasl_needs_a_user_and_says_so() {
        let error = config(&["--kafka-security-protocol", "sasl_ssl"]).unwrap_err();
        assert!(error.to_string().contains("KAFKA_USERNAME"), "{error}");
    }

    #[test]
    fn every_crt_of_a_folder_is_trusted() {
        let folder = tempfile::tempdir().unwrap();
        let ca = folder.path().to_str().unwrap();
        let flags = ["--kafka-security-protocol", "ssl", "--kafka-ca", ca];
        assert!(config(&flags).unwrap_err().to_string().contains("no *.crt"));
        for (name, text) in [("ca.crt", "NEW"), ("ca-2027.crt", "OLD"), ("ca.p12", "no")] {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        assert_eq!(config(&flags).unwrap().get("ssl.ca.pem"), Some("OLD\nNEW"));
    }

    #[test]
    fn plaintext_is_for_tests() {
        let config = config(&[]).unwrap();
        assert_eq!(config.get("security.protocol"), Some("plaintext"));
        assert_eq!(config.get("sasl.username"), None);
    }
}
