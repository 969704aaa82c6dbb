//! MySQL with its Secrets, its certificate and its first users.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use serde_json::json;

use super::secrets::folder;
use super::{Place, Secrets, ports};
use crate::certificates::{Authority, Subject};

/// The file with the authority that signed the server's certificate.
pub fn authority(place: &Place<'_>) -> PathBuf {
    folder(place.checkout).join("mysql-ca.crt")
}

/// As root, from the host.
pub fn url(place: &Place<'_>, secrets: &Secrets) -> String {
    format!("mysql://root:{}@{}:{}/orders", secrets.mysql_root, place.node_address, ports::MYSQL)
}

/// Applies it and waits until it takes connections.
pub fn apply(place: &Place<'_>, secrets: &Secrets, image: &str) -> Result<()> {
    let folder = folder(place.checkout);
    let names = names(&place.node_address.to_string());
    // A node with another address needs another certificate.
    let file = format!("mysql-{}", place.node_address);
    Authority::load_or_create(&folder, "mysql-ca")?
        .issue(&file, &Subject { name: "mysql", serves: &names, ..Subject::default() })?;
    let read = |name: &str| fs::read_to_string(folder.join(name));
    let secret = |name: &str, data: serde_json::Value| {
        json!({
            "apiVersion": "v1", "kind": "Secret",
            "metadata": {"name": name, "namespace": "database"},
            "stringData": data,
        })
    };
    let list = json!({"apiVersion": "v1", "kind": "List", "items": [
        secret("mysql-root", json!({"password": secrets.mysql_root})),
        secret("mysql-init", json!({"init.sql": first_statements(&secrets.mysql_shop)})),
        secret("mysql-tls", json!({
            "ca.crt": read("mysql-ca.crt")?,
            "tls.crt": read(&format!("{file}.crt"))?,
            "tls.key": read(&format!("{file}.key"))?,
        })),
    ]});
    place.kubectl.apply(&list.to_string())?;
    place.apply("mysql.yaml", &[("MYSQL_IMAGE", image)])?;
    place.kubectl.rollout("database", "statefulset/mysql", Duration::from_secs(600))
}

/// Every name it is called by, inside the cluster and from the host.
fn names(node_address: &str) -> Vec<String> {
    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), node_address.to_owned()];
    let mut service = "mysql".to_owned();
    for part in ["database", "svc", "cluster.local"] {
        service = format!("{service}.{part}");
        names.push(service.clone());
    }
    names
}

/// The database and its owner: all rights there, none elsewhere. One statement per line.
fn first_statements(password: &str) -> String {
    format!(
        "CREATE DATABASE orders;\n\
         CREATE USER 'shop'@'%' IDENTIFIED BY '{password}' REQUIRE SSL;\n\
         GRANT ALL ON orders.* TO 'shop'@'%';\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_certificate_serves_cluster_and_host() {
        let names = names("10.1.2.3");
        assert!(names.contains(&"mysql.database.svc".to_owned()));
        assert!(names.contains(&"mysql.database.svc.cluster.local".to_owned()));
        assert!(names.contains(&"10.1.2.3".to_owned()));
    }
}
