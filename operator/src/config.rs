//! Flags and variables of `order-pipeline-operator run`.

use clap::Args;
use service_runtime::RuntimeArgs;

use crate::controller::component::Component;

/// What the operator watches, as whom, and which images it deploys.
#[derive(Args, Clone, Debug)]
pub struct RunArgs {
    #[command(flatten)]
    pub runtime: RuntimeArgs,

    /// Namespaces whose OrderPipelines are reconciled, comma separated; empty: all.
    #[arg(long, env, value_delimiter = ',')]
    pub watch_namespaces: Vec<String>,

    /// Namespaces of Kafka resources that any watched OrderPipeline may use without a consent annotation.
    #[arg(long, env, value_delimiter = ',')]
    pub kafka_namespaces: Vec<String>,

    #[command(flatten)]
    pub lease: LeaseArgs,

    #[command(flatten)]
    pub images: ImageArgs,

    /// Where the operations view is served.
    #[arg(long, env, default_value = "0.0.0.0:8080")]
    pub http_addr: std::net::SocketAddr,

    /// How storefronts reach `HTTP_ADDR`, such as `http://operator.system.svc:8080`; unset: they have no operations view.
    #[arg(long, env)]
    pub ops_url: Option<String>,
}

/// Which of several operators works.
#[derive(Args, Clone, Debug)]
pub struct LeaseArgs {
    /// Name of the Lease.
    #[arg(long, env, default_value = "order-pipeline-operator")]
    pub lease_name: String,

    /// Namespace of the Lease: the operator's own.
    #[arg(long, env = "POD_NAMESPACE", default_value = "default")]
    pub lease_namespace: String,

    /// Who this process is among the candidates.
    #[arg(long, env = "POD_NAME", default_value = "order-pipeline-operator")]
    pub pod_name: String,

    /// How long a Lease that is not renewed keeps others out.
    #[arg(long, env, default_value = "15s", value_parser = service_runtime::parse_duration)]
    pub lease_duration: std::time::Duration,
}

/// Where images come from, when the resource does not name one.
#[derive(Args, Clone, Debug, Default)]
pub struct ImageArgs {
    /// Images are `<prefix>/<component>:<version>`.
    #[arg(long, env, default_value = "order-pipeline")]
    pub image_prefix: String,
    /// A whole image reference for search-api; likewise the others.
    #[arg(long, env)]
    pub related_image_search_api: Option<String>,
    #[arg(long, env)]
    pub related_image_order_api: Option<String>,
    #[arg(long, env)]
    pub related_image_order_consumer: Option<String>,
    #[arg(long, env)]
    pub related_image_notifier: Option<String>,
    #[arg(long, env)]
    pub related_image_migrator: Option<String>,
    #[arg(long, env)]
    pub related_image_storefront: Option<String>,
}

/// The part of the configuration that the pure steps see.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Namespaces whose resources are reconciled; empty: all.
    pub watch_namespaces: Vec<String>,
    pub kafka_namespaces: Vec<String>,
    pub images: ImageArgs,
    /// The operator's own namespace: its users in Kafka are named after it.
    pub operator_namespace: String,
    /// Where the operator's Service answers for the operations view; `None`: nowhere.
    pub ops_url: Option<String>,
}

impl Settings {
    /// Where resources are reconciled; `None`: in all namespaces.
    pub fn watched(&self) -> Vec<Option<&str>> {
        if self.watch_namespaces.is_empty() {
            return vec![None];
        }
        self.watch_namespaces.iter().map(|namespace| Some(namespace.as_str())).collect()
    }

    /// The image of a component when the resource does not name one.
    pub fn image(&self, component: Component, version: Option<&str>) -> String {
        let related = match component {
            Component::SearchApi => &self.images.related_image_search_api,
            Component::OrderApi => &self.images.related_image_order_api,
            Component::OrderConsumer => &self.images.related_image_order_consumer,
            Component::Notifier => &self.images.related_image_notifier,
            Component::Migrator => &self.images.related_image_migrator,
            Component::Storefront => &self.images.related_image_storefront,
        };
        match related.as_deref().filter(|image| !image.is_empty()) {
            Some(image) => image.to_owned(),
            None => {
                let version = version.unwrap_or(env!("CARGO_PKG_VERSION"));
                format!("{}/{}:{version}", self.images.image_prefix.trim_end_matches('/'), component.name())
            }
        }
    }
}
