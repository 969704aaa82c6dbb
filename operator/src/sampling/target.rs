//! What is sampled for one pipeline. Each pass over the resource says it anew.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use rdkafka::ClientConfig;
use secrecy::SecretString;

use crate::controller::names::full_hash;
use crate::controller::secret_data::SecretData;
use crate::controller::validate::kafka::Connection;
use crate::scaling::Policy;

/// Which pipeline.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    pub namespace: String,
    pub name: String,
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

/// What is sampled for one pipeline, and what its numbers are judged by.
#[derive(Clone, Debug)]
pub struct Target {
    /// A later resource of the same name is another one.
    pub uid: String,
    /// As whom Kafka is asked, or why nobody can be asked.
    pub login: Result<Arc<Login>, String>,
    pub group: String,
    pub topic: String,
    pub policy: Result<Policy, String>,
    /// Stands for what one consumer can do: its resources and batch size.
    pub size: String,
    /// `spec.replicas` of the consumers' Deployment; `None`: there is none yet.
    pub replicas: Option<u32>,
    /// How many consumers are ready.
    pub ready: u32,
    /// Those of them that can be asked for their figures.
    pub consumers: Vec<Consumer>,
    /// Whether a decision is carried out: mode Auto, no number by hand, not suspended.
    pub acts: bool,
    /// The bearer token of the operations view; `None`: it is closed.
    pub token: Option<SecretString>,
}

/// A ready consumer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Consumer {
    pub pod: String,
    /// Its admin port.
    pub admin: SocketAddr,
}

/// As whom, and where, Kafka is asked. Equal ones share a client.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    bootstrap_servers: String,
    protocol: &'static str,
    mechanism: Option<&'static str>,
    username: Option<String>,
    authorities: Option<SecretData>,
    credentials: Option<SecretData>,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.username.as_deref().unwrap_or("nobody"), self.bootstrap_servers)
    }
}

impl Login {
    /// The operator's own; `None` while its user is not ready.
    pub fn of_operator(connection: &Connection) -> Option<Self> {
        let user = connection.operator.as_ref()?;
        Some(Self {
            bootstrap_servers: connection.bootstrap_servers.clone(),
            protocol: connection.protocol,
            mechanism: connection.mechanism,
            username: user.username.clone(),
            authorities: connection.ca.as_ref().map(|files| files.data.clone()),
            credentials: user.credentials.as_ref().map(|files| files.data.clone()),
        })
    }

    /// A Kafka without TLS and users, as tests have it.
    pub fn plaintext(bootstrap_servers: &str) -> Self {
        Self {
            bootstrap_servers: bootstrap_servers.to_owned(),
            protocol: "plaintext",
            mechanism: None,
            username: None,
            authorities: None,
            credentials: None,
        }
    }

    /// A hash of all of it: a rotated password makes another client.
    pub fn id(&self) -> String {
        let files = [&self.authorities, &self.credentials];
        let files = files.into_iter().flatten().flat_map(|data| data.iter());
        let files: Vec<_> = files.map(|(key, value)| format!("{key}={}", full_hash(value))).collect();
        let Self { bootstrap_servers, protocol, mechanism, username, .. } = self;
        full_hash(format!("{bootstrap_servers} {protocol} {mechanism:?} {username:?} {files:?}").as_bytes())
    }

    /// librdkafka's configuration.
    pub fn client_config(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", &self.bootstrap_servers);
        config.set("security.protocol", self.protocol);
        config.set("client.id", crate::MANAGER);
        config.set("log.connection.close", "false");
        config.set("reconnect.backoff.max.ms", "2000");
        // A replaced broker has another address: ask DNS again soon.
        config.set("socket.connection.setup.timeout.ms", "2000");
        if let Some(authorities) = &self.authorities {
            let all: Vec<_> = authorities.values().map(|pem| String::from_utf8_lossy(pem)).collect();
            config.set("ssl.ca.pem", all.join("\n"));
        }
        if let Some(mechanism) = self.mechanism {
            config.set("sasl.mechanism", mechanism);
            config.set("sasl.username", self.username.as_deref().unwrap_or_default());
        }
        for (key, value) in self.credentials.iter().flat_map(|data| data.iter()) {
            let setting = match key.as_str() {
                "password" => "sasl.password",
                "user.crt" | "tls.crt" => "ssl.certificate.pem",
                "user.key" | "tls.key" => "ssl.key.pem",
                _ => continue,
            };
            let text = String::from_utf8_lossy(value);
            // A Secret made with an editor ends in a line break, which is no part of a password.
            config.set(setting, if setting == "sasl.password" { text.trim_end_matches(['\r', '\n']) } else { &text });
        }
        config
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_password_is_another_client_and_is_never_printed() {
        let login = |password: &str| Login {
            protocol: "sasl_ssl",
            mechanism: Some("SCRAM-SHA-512"),
            username: Some("operator".into()),
            credentials: Some(SecretData::from_iter([("password".to_owned(), password.as_bytes().to_vec())])),
            ..Login::plaintext("b:9093")
        };
        assert_ne!(login("one").id(), login("two").id());
        assert_eq!(login("one").id(), login("one").id());
        assert_eq!(login("one\n").client_config().get("sasl.password"), Some("one"));
        assert_eq!(format!("{:?}", login("one")), "operator at b:9093");
    }
}
