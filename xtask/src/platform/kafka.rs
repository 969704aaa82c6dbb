//! A Kafka cluster as Strimzi's resources say it. On the local node the Kafka provider fulfils them, on
//! other clusters Strimzi.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;

use super::Place;
use super::secrets::folder;
use crate::certificates::write_secret;

/// Applies Kafka, its node pool and the developer's user.
pub fn apply(place: &Place<'_>) -> Result<()> {
    place.apply("kafka.yaml", &[("NODE_ADDRESS", &place.node_address.to_string())])
}

/// Waits until the cluster and the developer's user are Ready.
pub fn wait(place: &Place<'_>, deadline: Duration) -> Result<()> {
    for resource in ["kafka/kafka", "kafkauser/developer"] {
        place
            .kubectl
            .run([
                "--namespace=kafka",
                "wait",
                "--for=condition=Ready",
                resource,
                &format!("--timeout={}s", deadline.as_secs()),
            ])
            .map_err(|error| {
                place.kubectl.with_log(error, "kubectl --namespace kafka get kafka,kafkauser,pods --output=yaml")
            })?;
    }
    Ok(())
}

/// Writes what a Kafka client on the host needs, and gives back the file.
pub fn write_client_properties(place: &Place<'_>) -> Result<PathBuf> {
    let folder = folder(place.checkout);
    let authority = folder.join("kafka-ca.crt");
    fs::write(&authority, place.secret("kafka", "kafka-cluster-ca-cert", "ca.crt")?)?;
    let password = place.secret("kafka", "developer", "password")?;
    let file = folder.join("kafka.properties");
    write_secret(&file, &properties(&authority, &password))?;
    Ok(file)
}

fn properties(authority: &Path, password: &str) -> String {
    format!(
        "security.protocol=SASL_SSL\nsasl.mechanism=SCRAM-SHA-512\n\
         sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required \
         username=\"developer\" password=\"{password}\";\n\
         ssl.truststore.type=PEM\nssl.truststore.location={}\n",
        authority.display()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_gets_one_line_per_property() {
        let text = properties(Path::new("/x/ca.crt"), "p");
        assert!(text.lines().all(|line| line.contains('=')));
        assert!(text.contains("password=\"p\";\nssl.truststore.type=PEM\nssl.truststore.location=/x/ca.crt\n"));
    }
}
