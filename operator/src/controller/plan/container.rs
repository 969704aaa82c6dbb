//! Containers: environment, mounted Secrets, probes, security. Names of variables and mounts are the contract with the
//! programs.

use pipeline_api::{DatabaseTlsMode, OrderPipelineSpec, ProducerMode, SecretRef, SmtpTls};
use serde_json::{Value, json};

use super::{Inputs, pod};
use crate::controller::component::Component;
use crate::controller::names::full_hash;
use crate::controller::validate::kafka::{Connection, SecretFiles};
use crate::controller::validate::order_namespace;

const MOUNTS: &str = "/etc/order-pipeline";

/// Time between "no longer an endpoint" and SIGTERM, so that proxies hear of it first.
const DRAIN_SECONDS: i64 = 5;

/// A container and what the pod must have for it.
pub(super) struct Parts {
    pub container: Value,
    pub volumes: Vec<Value>,
    /// All that the program reads once, at start: a change of it must roll the pods.
    pub read_at_start: String,
}

/// Variables that the resource may not set.
pub fn is_reserved(name: &str) -> bool {
    const PREFIXES: [&str; 3] = ["DATABASE_", "KAFKA_", "SMTP_"];
    const NAMES: [&str; 15] = [
        "HTTP_ADDR",
        "ADMIN_ADDR",
        "SHUTDOWN_GRACE",
        "LOG_FORMAT",
        "ORDER_NAMESPACE_FILE",
        "ADMIN_TOKEN_FILE",
        "TRUSTED_PROXIES",
        "CORS_ORIGINS",
        "PRODUCER_MODE",
        "BATCH_SIZE",
        "INDEX_MEMORY",
        "RETAIN_PROCESSED",
        "SEARCH_API_URL",
        "ORDER_API_URL",
        "OPS_URL",
    ];
    NAMES.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// The container of a component; `None` while it is not known what it connects to.
pub(super) fn parts(inputs: &Inputs<'_>, component: Component, grace_seconds: i64) -> Option<Parts> {
    let spec = &inputs.pipeline.spec;
    let mut build = Build::default();
    let stop = grace_seconds - DRAIN_SECONDS * i64::from(component.has_http()) - 5;
    build.env("LOG_FORMAT", "json");
    build.env("SHUTDOWN_GRACE", format!("{}s", stop.max(1)));
    if component.has_database() {
        build.database(inputs, component);
    }
    if component.has_kafka() {
        build.kafka(inputs.valid.kafka.connection.as_ref()?, spec, component);
    }
    match component {
        Component::SearchApi => {
            build.access(spec);
            // Without a limit in the resource: what fits beside the rest in the pod's own memory limit.
            build.env("INDEX_MEMORY", spec.search.index_memory.as_deref().unwrap_or("128Mi"));
        }
        Component::OrderApi => {
            build.access(spec);
            build.order_api(inputs);
        }
        Component::OrderConsumer => {
            build.env("KAFKA_GROUP", inputs.valid.names.group());
            build.env("BATCH_SIZE", spec.consumer.batch_size.to_string());
            build.env("RETAIN_PROCESSED", spec.kafka.topic.retain_processed.to_string());
        }
        Component::Notifier => build.smtp(inputs),
        Component::Storefront => build.storefront(inputs),
        Component::Migrator => {}
    }
    let own = pod::pod_template(spec, component).map(|template| template.spec.env.as_slice()).unwrap_or_default();
    for variable in own {
        build.env(&variable.name, variable.value.clone());
    }
    let container = container(inputs, component, &build);
    Some(Parts { container, volumes: build.volumes, read_at_start: build.read_at_start })
}

fn container(inputs: &Inputs<'_>, component: Component, build: &Build) -> Value {
    let spec = &inputs.pipeline.spec;
    let mut container = json!({
        "name": component.name(),
        "image": inputs.image(component),
        "imagePullPolicy": spec.images.pull_policy.as_str(),
        "env": build.env,
        "volumeMounts": build.mounts,
        "resources": pod::resources(spec, component),
        "securityContext": {
            "allowPrivilegeEscalation": false,
            "readOnlyRootFilesystem": true,
            "capabilities": {"drop": ["ALL"]},
        },
    });
    if component == Component::Migrator {
        // The last lines of the log say why it failed, when it could not write its result.
        container["terminationMessagePolicy"] = "FallbackToLogsOnError".into();
        return container;
    }
    let probe = |path: &str, period: i64, failures: i64| {
        json!({
            "httpGet": {"path": path, "port": "admin"},
            "periodSeconds": period,
            "timeoutSeconds": 3,
            "failureThreshold": failures,
        })
    };
    container["ports"] = json!([{"name": "admin", "containerPort": 9090, "protocol": "TCP"}]);
    container["startupProbe"] = probe("/livez", 1, 60);
    container["livenessProbe"] = probe("/livez", 10, 6);
    container["readinessProbe"] = probe("/readyz", 3, 2);
    if component.has_http() {
        container["ports"] = json!([
            {"name": "http", "containerPort": 8080, "protocol": "TCP"},
            {"name": "admin", "containerPort": 9090, "protocol": "TCP"},
        ]);
        container["lifecycle"] = json!({"preStop": {"sleep": {"seconds": DRAIN_SECONDS}}});
    }
    container
}

#[derive(Default)]
struct Build {
    env: Vec<Value>,
    mounts: Vec<Value>,
    volumes: Vec<Value>,
    read_at_start: String,
}

impl Build {
    fn env(&mut self, name: &str, value: impl Into<String>) {
        self.env.push(json!({"name": name, "value": value.into()}));
    }

    /// Mounts keys of a Secret as files in `/etc/order-pipeline/<folder>`.
    fn mount(&mut self, folder: &str, secret: &str, files: &[(&str, &str)]) {
        let items: Vec<_> = files.iter().map(|(key, path)| json!({"key": key, "path": path})).collect();
        self.volumes.push(json!({"name": folder, "secret": {"secretName": secret, "items": items}}));
        self.mounts.push(json!({"name": folder, "mountPath": format!("{MOUNTS}/{folder}"), "readOnly": true}));
    }

    /// Lets the pods roll when these bytes change. Only their hash leaves this process.
    fn roll_on(&mut self, what: &str, value: Option<&[u8]>) {
        use std::fmt::Write;
        let hash = value.map(full_hash).unwrap_or_default();
        let _ = write!(self.read_at_start, "{what}={hash};");
    }

    fn database(&mut self, inputs: &Inputs<'_>, component: Component) {
        let database = &inputs.pipeline.spec.database;
        self.env("DATABASE_HOST", &database.host);
        self.env("DATABASE_PORT", database.port.to_string());
        self.env("DATABASE_NAME", &database.name);
        // Read again at each connect: a change needs no roll.
        self.env("DATABASE_CREDENTIALS_DIR", format!("{MOUNTS}/database"));
        let login = &database_user(&inputs.pipeline.spec, component).name;
        self.mount("database", login, &[("username", "username"), ("password", "password")]);
        let pool = inputs.valid.budget.pools.get(&component).copied().unwrap_or(1);
        self.env("DATABASE_MAX_CONNECTIONS", pool.to_string());
        match (database.tls.mode, &database.tls.ca_secret_ref) {
            (DatabaseTlsMode::Disabled, _) => self.env("DATABASE_TLS", "disabled"),
            (DatabaseTlsMode::Required, None) => self.env("DATABASE_TLS", "required"),
            (DatabaseTlsMode::Required, Some(ca)) => {
                let key = ca.key_or("ca.crt");
                self.env("DATABASE_TLS", "required");
                self.env("DATABASE_CA_FILE", format!("{MOUNTS}/database-ca/ca.crt"));
                self.mount("database-ca", &ca.name, &[(key, "ca.crt")]);
                let data = inputs.observed.secrets.get(&ca.name).and_then(|data| data.get(key));
                self.roll_on("database-ca", data.map(Vec::as_slice));
            }
        }
    }

    fn kafka(&mut self, connection: &Connection, spec: &OrderPipelineSpec, component: Component) {
        self.env("KAFKA_BOOTSTRAP", &connection.bootstrap_servers);
        self.env("KAFKA_TOPIC", &spec.kafka.topic.name);
        self.env("KAFKA_SECURITY_PROTOCOL", connection.protocol);
        if let Some(mechanism) = connection.mechanism {
            self.env("KAFKA_SASL_MECHANISM", mechanism);
        }
        if let Some(ca) = &connection.ca {
            // A folder, of which every *.crt is trusted; but a key of another name is one file.
            let file = ca.data.keys().next().filter(|key| ca.data.len() == 1 && !key.ends_with(".crt"));
            self.env("KAFKA_CA", file.map_or(format!("{MOUNTS}/kafka-ca"), |file| format!("{MOUNTS}/kafka-ca/{file}")));
            self.mount_all("kafka-ca", ca);
        }
        let Some(user) = connection.users.get(&component) else { return };
        if let Some(username) = &user.username {
            self.env("KAFKA_USERNAME", username);
        }
        let Some(credentials) = &user.credentials else { return };
        self.mount_all("kafka-user", credentials);
        for key in credentials.data.keys() {
            let variable = match key.as_str() {
                "password" => "KAFKA_PASSWORD_FILE",
                "user.crt" | "tls.crt" => "KAFKA_CLIENT_CERT_FILE",
                "user.key" | "tls.key" => "KAFKA_CLIENT_KEY_FILE",
                _ => continue,
            };
            self.env(variable, format!("{MOUNTS}/kafka-user/{key}"));
        }
    }

    fn mount_all(&mut self, folder: &str, files: &SecretFiles) {
        let items: Vec<_> = files.data.keys().map(|key| (key.as_str(), key.as_str())).collect();
        self.mount(folder, &files.secret, &items);
        for (key, value) in files.data.iter() {
            self.roll_on(&format!("{folder}/{key}"), Some(value.as_slice()));
        }
    }

    fn access(&mut self, spec: &OrderPipelineSpec) {
        if let Some(token) = &spec.access.admin_token_secret_ref {
            // Read at each check: a change needs no roll.
            self.env("ADMIN_TOKEN_FILE", format!("{MOUNTS}/admin-token/token"));
            self.mount("admin-token", &token.name, &[(token.key_or("token"), "token")]);
        }
        if !spec.access.cors_origins.is_empty() {
            self.env("CORS_ORIGINS", spec.access.cors_origins.join(","));
        }
    }

    fn order_api(&mut self, inputs: &Inputs<'_>) {
        let spec = &inputs.pipeline.spec;
        let folder = "order-namespace";
        self.env("ORDER_NAMESPACE_FILE", format!("{MOUNTS}/{folder}/{}", order_namespace::KEY));
        let key = order_namespace::KEY;
        let secret = inputs.valid.names.order_namespace();
        self.mount(folder, &secret, &[(key, key)]);
        let data = inputs.observed.secrets.get(&secret).and_then(|data| data.get(key));
        self.roll_on(folder, data.map(Vec::as_slice));
        if !spec.access.trusted_proxies.is_empty() {
            self.env("TRUSTED_PROXIES", spec.access.trusted_proxies.join(","));
        }
        match spec.orders.producer.mode {
            ProducerMode::Idempotent => self.env("PRODUCER_MODE", "Idempotent"),
            ProducerMode::Transactional => {
                self.env("PRODUCER_MODE", "Transactional");
                self.env("KAFKA_TRANSACTIONAL_ID_PREFIX", inputs.valid.names.group());
            }
        }
    }

    /// It forwards calls and holds no secret: callers bring their own token.
    fn storefront(&mut self, inputs: &Inputs<'_>) {
        let names = &inputs.valid.names;
        for (variable, component) in [("SEARCH_API_URL", Component::SearchApi), ("ORDER_API_URL", Component::OrderApi)]
        {
            self.env(variable, format!("http://{}.{}.svc", names.component(component), names.namespace));
        }
        if let Some(operator) = &inputs.settings.ops_url {
            let operator = operator.trim_end_matches('/');
            self.env("OPS_URL", format!("{operator}/pipelines/{}/{}/scaling", names.namespace, names.name));
        }
    }

    fn smtp(&mut self, inputs: &Inputs<'_>) {
        let Some(notifications) = &inputs.pipeline.spec.notifications else { return };
        let smtp = &notifications.smtp;
        self.env("SMTP_HOST", &smtp.host);
        self.env("SMTP_PORT", smtp.port.to_string());
        self.env("SMTP_FROM", &smtp.from);
        self.env(
            "SMTP_TLS",
            match smtp.tls {
                SmtpTls::StartTls => "starttls",
                SmtpTls::Tls => "tls",
                SmtpTls::None => "none",
            },
        );
        if let Some(SecretRef { name }) = &smtp.credentials_secret_ref {
            self.env("SMTP_CREDENTIALS_DIR", format!("{MOUNTS}/smtp"));
            self.mount("smtp", name, &[("username", "username"), ("password", "password")]);
            let data = inputs.observed.secrets.get(name);
            for key in ["username", "password"] {
                self.roll_on(key, data.and_then(|data| data.get(key)).map(Vec::as_slice));
            }
        }
    }
}

fn database_user(spec: &OrderPipelineSpec, component: Component) -> &SecretRef {
    let users = spec.database.users.as_ref();
    let own = users.and_then(|users| match component {
        Component::Migrator => users.migrator.as_ref(),
        Component::SearchApi => users.search.as_ref(),
        Component::OrderApi => users.orders.as_ref(),
        Component::OrderConsumer | Component::Notifier | Component::Storefront => None,
    });
    own.unwrap_or(&spec.database.credentials_secret_ref)
}
