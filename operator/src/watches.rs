//! Which changes in the cluster lead to a pass over which resource.
//!
//! Children and Secrets of the watched namespaces are watched from the start, as metadata only. Kafka's namespaces are
//! followed as resources name them, each by tasks of its own: a kind that is not installed, or a namespace that is
//! closed to us, is tried again every 30 s at the latest and holds nothing else up.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt::Debug;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use backon::ExponentialBuilder;
use futures::stream::BoxStream;
use futures::{Stream, StreamExt};
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{Pod, Secret, Service, ServiceAccount};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use kube::api::{Api, ApiResource, DynamicObject, PartialObjectMeta};
use kube::runtime::reflector::ObjectRef;
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Client, Resource, ResourceExt};
use pipeline_api::OrderPipeline;
use serde::de::DeserializeOwned;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::controller::Trigger;
use crate::controller::names::{MANAGED_BY, Names, PIPELINE};
use crate::controller::references;
use crate::{MANAGER, strimzi};

type Sender = mpsc::UnboundedSender<ObjectRef<Trigger>>;

/// What is watched, and for whom.
pub struct Watches {
    client: Client,
    stop: CancellationToken,
    index: Arc<Mutex<Index>>,
    sender: Sender,
    receiver: Mutex<Option<mpsc::UnboundedReceiver<ObjectRef<Trigger>>>>,
    followed: Mutex<HashSet<String>>,
}

/// What the resources speak of.
#[derive(Default)]
struct Index {
    by_pipeline: HashMap<(String, String), Interest>,
}

struct Interest {
    secrets: BTreeSet<String>,
    kafka_namespace: Option<String>,
}

impl Index {
    fn by_secret(&self, namespace: &str, secret: &str) -> Vec<ObjectRef<Trigger>> {
        let interested = self
            .by_pipeline
            .iter()
            .filter(|((own, _), interest)| own == namespace && interest.secrets.contains(secret));
        interested.map(|((namespace, name), _)| ObjectRef::new(name).within(namespace)).collect()
    }

    fn by_kafka_namespace(&self, namespace: &str) -> Vec<ObjectRef<Trigger>> {
        let interested =
            self.by_pipeline.iter().filter(|(_, interest)| interest.kafka_namespace.as_deref() == Some(namespace));
        interested.map(|((namespace, name), _)| ObjectRef::new(name).within(namespace)).collect()
    }
}

impl Watches {
    pub fn new(client: Client, stop: CancellationToken) -> Self {
        let (sender, receiver) = mpsc::unbounded_channel();
        Self {
            client,
            stop,
            index: Arc::default(),
            sender,
            receiver: Mutex::new(Some(receiver)),
            followed: Mutex::default(),
        }
    }

    /// Notes what a resource speaks of, and follows its Kafka's namespace from now on.
    pub fn follow(&self, pipeline: &OrderPipeline) {
        let names = Names::of(pipeline);
        let strimzi = pipeline.spec.kafka.strimzi.as_ref();
        let kafka_namespace =
            strimzi.map(|strimzi| strimzi.namespace.clone().unwrap_or_else(|| names.namespace.clone()));
        let interest =
            Interest { secrets: references::secrets(pipeline, &names), kafka_namespace: kafka_namespace.clone() };
        lock(&self.index).by_pipeline.insert((names.namespace, names.name), interest);
        if let Some(namespace) = kafka_namespace
            && lock(&self.followed).insert(namespace.clone())
        {
            self.follow_kafka(&namespace);
        }
    }

    pub fn forget(&self, namespace: &str, name: &str) {
        lock(&self.index).by_pipeline.remove(&(namespace.to_owned(), name.to_owned()));
    }

    /// A way to ask for a pass from outside.
    pub fn passes(&self) -> mpsc::UnboundedSender<ObjectRef<Trigger>> {
        self.sender.clone()
    }

    /// Passes that the followed Kafka namespaces ask for. Can be taken once.
    pub fn triggers(&self) -> impl Stream<Item = ObjectRef<Trigger>> + Send + 'static {
        let receiver = lock(&self.receiver).take();
        futures::stream::unfold(receiver, |receiver| async {
            let mut receiver = receiver?;
            receiver.recv().await.map(|trigger| (trigger, Some(receiver)))
        })
    }

    /// Passes that changes in the watched namespaces ask for.
    pub fn children(&self, namespace: Option<&str>) -> Vec<BoxStream<'static, ObjectRef<Trigger>>> {
        vec![
            self.owned::<Deployment>(namespace),
            self.owned::<HorizontalPodAutoscaler>(namespace),
            self.owned::<Job>(namespace),
            self.owned::<Service>(namespace),
            self.owned::<ServiceAccount>(namespace),
            self.owned::<PodDisruptionBudget>(namespace),
            self.owned::<Pod>(namespace),
            self.secrets(namespace),
        ]
    }

    fn api<K>(&self, namespace: Option<&str>) -> Api<K>
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>,
    {
        match namespace {
            Some(namespace) => Api::namespaced(self.client.clone(), namespace),
            None => Api::all(self.client.clone()),
        }
    }

    /// Ours by label; the label names the resource.
    fn owned<K>(&self, namespace: Option<&str>) -> BoxStream<'static, ObjectRef<Trigger>>
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>
            + Clone
            + DeserializeOwned
            + Debug
            + Send
            + 'static,
    {
        let labelled = watcher::Config::default().labels(&format!("{MANAGED_BY}={MANAGER},{PIPELINE}"));
        let stream = watcher(self.api::<PartialObjectMeta<K>>(namespace), labelled).default_backoff().touched_objects();
        let triggers = stream.filter_map(|object| async {
            let object = told(object, "children")?;
            Some(ObjectRef::new(object.labels().get(PIPELINE)?).within(&object.namespace()?))
        });
        triggers.boxed()
    }

    /// Those that a resource speaks of, ours and others'.
    fn secrets(&self, namespace: Option<&str>) -> BoxStream<'static, ObjectRef<Trigger>> {
        let index = self.index.clone();
        let stream = watcher(self.api::<PartialObjectMeta<Secret>>(namespace), watcher::Config::default());
        let triggers = stream.default_backoff().touched_objects().flat_map(move |secret| {
            let secret = told(secret, "Secrets");
            let interested =
                secret.and_then(|secret| Some(lock(&index).by_secret(&secret.namespace()?, &secret.name_any())));
            futures::stream::iter(interested.unwrap_or_default())
        });
        triggers.boxed()
    }

    fn follow_kafka(&self, namespace: &str) {
        let all = watcher::Config::default();
        let ours = watcher::Config::default().labels(&format!("{MANAGED_BY}={MANAGER}"));
        self.follow_kind(namespace, strimzi::kafka(), all);
        self.follow_kind(namespace, strimzi::topic(), ours.clone());
        self.follow_kind(namespace, strimzi::user(), ours);
        // Not the KafkaUser but its Secret tells of a new password.
        let secret = ApiResource::erase::<Secret>(&());
        self.follow_kind(namespace, secret, watcher::Config::default().labels("strimzi.io/cluster"));
    }

    fn follow_kind(&self, namespace: &str, kind: ApiResource, config: watcher::Config) {
        let (index, sender, stop) = (self.index.clone(), self.sender.clone(), self.stop.clone());
        let api = Api::<PartialObjectMeta<DynamicObject>>::namespaced_with(self.client.clone(), namespace, &kind);
        let namespace = namespace.to_owned();
        let backoff = ExponentialBuilder::new()
            .with_min_delay(Duration::from_secs(1))
            .with_max_delay(Duration::from_secs(30))
            .without_max_times();
        let changes = watcher(api, config).backoff(watcher::ExponentialBackoff::from(backoff)).touched_objects();
        tokio::spawn(stop.run_until_cancelled_owned(async move {
            let mut changes = changes.boxed();
            while let Some(change) = changes.next().await {
                if told(change, &kind.kind).is_none() {
                    continue;
                }
                for trigger in lock(&index).by_kafka_namespace(&namespace) {
                    // The controller is gone only when the process ends.
                    let _ = sender.send(trigger);
                }
            }
        }));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A watch that fails is started again by itself; who asks finds it in the log.
fn told<T>(change: Result<T, watcher::Error>, what: &str) -> Option<T> {
    change.inspect_err(|error| tracing::debug!(%error, what, "a watch failed and is started again")).ok()
}
