//! A Kafka that a test may stop and freeze, with a topic on it.

use local_servers::{Installed, Kafka};
use tempfile::TempDir;

use crate::api::{Api, Backends, order, until_taken};
use crate::topic;

pub struct OwnKafka {
    pub kafka: Kafka,
    pub backends: Backends,
    _folder: TempDir,
}

impl OwnKafka {
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let kafka = Kafka::start(&Installed::from_env().unwrap(), folder.path()).unwrap();
        let bootstrap = kafka.bootstrap();
        let topic = topic::make(&bootstrap).await;
        Self { kafka, backends: Backends { bootstrap, topic, ..Backends::default() }, _folder: folder }
    }

    /// An order-api on it, in this mode, that has taken one order. A new Kafka makes its transactions' topic first,
    /// which may take longer than one request waits.
    pub async fn api(&self, mode: &str) -> Api {
        let api = Api::start_with(&self.backends, &[&format!("--producer-mode={mode}")]).await;
        until_taken("the first order", || api.place(&order())).await;
        api
    }

    pub async fn records(&self) -> Vec<topic::Record> {
        topic::read(&self.backends.bootstrap, &self.backends.topic).await
    }
}
