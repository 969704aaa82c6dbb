//! Kafka, by a Java client's properties file: the form that Kafka's own tools take.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rdkafka::ClientConfig;

use super::InputError;

/// Where Kafka is and who we are there.
#[derive(Clone, Debug, clap::Args)]
pub struct KafkaArgs {
    /// Bootstrap servers, `host:port` separated by commas.
    #[arg(long, env = "KAFKA_BOOTSTRAP", value_name = "HOST:PORT")]
    pub kafka_bootstrap: String,

    /// A Java client's properties file with TLS and SASL settings; without it the connection is plain text.
    #[arg(long, env = "KAFKA_CLIENT_PROPERTIES", value_name = "FILE")]
    pub kafka_client_properties: Option<PathBuf>,

    /// The topic of orders.
    #[arg(long, env = "KAFKA_TOPIC", default_value = order_events::DEFAULT_TOPIC)]
    pub topic: String,
}

impl KafkaArgs {
    /// What a client needs to connect.
    pub fn client_config(&self) -> Result<ClientConfig, InputError> {
        let mut config = match &self.kafka_client_properties {
            Some(file) => librdkafka(file)?,
            None => ClientConfig::new(),
        };
        config.set("bootstrap.servers", &self.kafka_bootstrap).set("client.id", "orderctl");
        // Errors are told by us, once.
        config.set("log_level", "2");
        Ok(config)
    }
}

/// The properties of `file` as librdkafka calls them. PEM texts, PEM files and SASL with user and password are understood;
/// another setting that the connection would need is an error.
pub fn librdkafka(file: &Path) -> Result<ClientConfig, InputError> {
    let error = |message: String| InputError::new("KAFKA_CLIENT_PROPERTIES", format!("{}: {message}", file.display()));
    let text = std::fs::read_to_string(file).map_err(|cause| error(cause.to_string()))?;
    let mut config = ClientConfig::new();
    for (name, value) in properties(&text) {
        match name.as_str() {
            "security.protocol" => drop(config.set("security.protocol", value.to_lowercase())),
            "sasl.mechanism" => drop(config.set("sasl.mechanism", value)),
            "ssl.truststore.location" => drop(config.set("ssl.ca.location", value)),
            "ssl.truststore.certificates" => drop(config.set("ssl.ca.pem", value)),
            "ssl.keystore.location" => {
                config.set("ssl.certificate.location", &value).set("ssl.key.location", value);
            }
            "ssl.keystore.certificate.chain" => drop(config.set("ssl.certificate.pem", value)),
            "ssl.keystore.key" => drop(config.set("ssl.key.pem", value)),
            "sasl.jaas.config" => {
                for (ours, theirs) in [("sasl.username", "username"), ("sasl.password", "password")] {
                    let found =
                        quoted(&value, theirs).ok_or_else(|| error(format!("sasl.jaas.config has no {theirs}")))?;
                    config.set(ours, found);
                }
            }
            "ssl.truststore.type" | "ssl.keystore.type" if value != "PEM" => {
                return Err(error(format!("{name} must be PEM: this client reads no Java key stores")));
            }
            // The rest tunes a Java client.
            _ => {}
        }
    }
    Ok(config)
}

/// `name=value` lines; `\` at a line's end goes on in the next line, `\n` is a new line.
fn properties(text: &str) -> BTreeMap<String, String> {
    let joined = text.replace("\\\r\n", "").replace("\\\n", "");
    let lines = joined.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with(['#', '!']));
    lines
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.trim().to_owned(), value.trim().replace("\\n", "\n")))
        .collect()
}

fn quoted<'a>(jaas: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = jaas.split_once(&format!("{name}=\""))?;
    Some(rest.split_once('"')?.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<ClientConfig, InputError> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&file, text).unwrap();
        librdkafka(file.path())
    }

    #[test]
    fn java_properties_are_understood() {
        let config = read(
            "# comment\nsecurity.protocol=SASL_SSL\nssl.truststore.certificates=-----BEGIN\\n\\\n  abc\n\
             ssl.truststore.type=PEM\nsasl.mechanism = SCRAM-SHA-512\n\
             sasl.jaas.config=x.ScramLoginModule required username=\"admin\" password=\"p=w\";\n",
        )
        .unwrap();
        for (name, value) in [
            ("security.protocol", "sasl_ssl"),
            ("ssl.ca.pem", "-----BEGIN\n  abc"),
            ("sasl.mechanism", "SCRAM-SHA-512"),
            ("sasl.username", "admin"),
            ("sasl.password", "p=w"),
        ] {
            assert_eq!(config.get(name), Some(value));
        }
    }

    #[test]
    fn what_is_not_understood_is_told_without_its_secrets() {
        let error = read("sasl.jaas.config=x required password=\"geheim\";\n").unwrap_err().to_string();
        assert!(error.contains("has no username") && !error.contains("geheim"), "{error}");
        let error = read("ssl.truststore.type=JKS\n").unwrap_err().to_string();
        assert!(error.contains("must be PEM"), "{error}");
    }
}
