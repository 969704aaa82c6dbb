//! Which Secrets an OrderPipeline speaks of. They are read at each pass and watched, so that a missing one heals the
//! moment it appears.

use std::collections::BTreeSet;

use pipeline_api::{OrderPipeline, SecretKeyRef, SecretRef};

use super::component::Component;
use super::names::Names;

/// A Secret that must exist, and what for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needed {
    /// Path of the field that names it.
    pub field: &'static str,
    pub secret: String,
    pub keys: Vec<String>,
    /// Whether it is about the database (condition DatabaseReady) or something else.
    pub database: bool,
}

const LOGIN: [&str; 2] = ["username", "password"];

/// The Secrets that a person must provide.
pub fn needed(pipeline: &OrderPipeline) -> Vec<Needed> {
    let spec = &pipeline.spec;
    let mut list = List(Vec::new());
    list.login("spec.database.credentialsSecretRef", Some(&spec.database.credentials_secret_ref), true);
    list.key("spec.database.tls.caSecretRef", spec.database.tls.ca_secret_ref.as_ref(), "ca.crt", true);
    if let Some(users) = &spec.database.users {
        list.login("spec.database.users.migrator", users.migrator.as_ref(), true);
        list.login("spec.database.users.search", users.search.as_ref(), true);
        list.login("spec.database.users.orders", users.orders.as_ref(), true);
    }
    list.key("spec.access.adminTokenSecretRef", spec.access.admin_token_secret_ref.as_ref(), "token", false);
    if let Some(notifications) = &spec.notifications {
        let login = notifications.smtp.credentials_secret_ref.as_ref();
        list.login("spec.notifications.smtp.credentialsSecretRef", login, false);
    }
    if let Some(external) = &spec.kafka.external {
        if let Some(tls) = &external.tls {
            list.key("spec.kafka.external.tls.caSecretRef", tls.ca_secret_ref.as_ref(), "ca.crt", false);
            let field = "spec.kafka.external.tls.certificateSecretRef";
            list.add(field, tls.certificate_secret_ref.as_ref(), &["tls.crt", "tls.key"], false);
        }
        let login = external.sasl.as_ref().map(|sasl| &sasl.credentials_secret_ref);
        list.login("spec.kafka.external.sasl.credentialsSecretRef", login, false);
    }
    list.0
}

/// Names of all Secrets of the namespace that a pass looks at.
pub fn secrets(pipeline: &OrderPipeline, names: &Names) -> BTreeSet<String> {
    let mut secrets: BTreeSet<String> = needed(pipeline).into_iter().map(|needed| needed.secret).collect();
    secrets.insert(names.order_namespace());
    secrets.insert(names.kafka_ca());
    secrets.extend(Component::WITH_KAFKA.map(|component| names.kafka_credentials(component)));
    secrets
}

struct List(Vec<Needed>);

impl List {
    fn login(&mut self, field: &'static str, secret: Option<&SecretRef>, database: bool) {
        self.add(field, secret, &LOGIN, database);
    }

    fn key(&mut self, field: &'static str, secret: Option<&SecretKeyRef>, default: &str, database: bool) {
        if let Some(secret) = secret {
            let keys = vec![secret.key_or(default).to_owned()];
            self.0.push(Needed { field, secret: secret.name.clone(), keys, database });
        }
    }

    fn add(&mut self, field: &'static str, secret: Option<&SecretRef>, keys: &[&str], database: bool) {
        if let Some(secret) = secret {
            let keys = keys.iter().map(|key| (*key).to_owned()).collect();
            self.0.push(Needed { field, secret: secret.name.clone(), keys, database });
        }
    }
}
