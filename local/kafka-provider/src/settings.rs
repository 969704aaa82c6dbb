//! What the process is told at its start.

use std::time::Duration;

use service_runtime::parse_duration;

#[derive(Clone, Debug, clap::Args)]
pub struct Settings {
    /// The namespace whose resources are served.
    #[arg(long, env, default_value = "kafka")]
    pub watch_namespace: String,
    /// The image that brokers run.
    #[arg(long, env)]
    pub kafka_image: String,
    /// How often everything is looked at though nothing has changed.
    #[arg(long, env, default_value = "120s", value_parser = parse_duration)]
    pub reconcile_interval: Duration,
}
