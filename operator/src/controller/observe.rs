//! Step 1: everything a decision needs, read from the API server. No judgement here: what is missing, forbidden or
//! unknown to the server is a value, too. Any other failure ends the pass.

use std::collections::BTreeMap;
use std::net::IpAddr;

use futures::future::try_join_all;
use futures::try_join;
use jiff::Timestamp;
use k8s_openapi::api::core::v1::{Pod, Secret};
use kube::Client;
use kube::api::{Api, ApiResource, DynamicObject, ListParams};
use pipeline_api::OrderPipeline;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::component::Component;
use super::names::{COMPONENT, Names, PIPELINE, operator_user};
use super::object::{Kind, Object};
use super::references;
pub use super::secret_data::SecretData;
use crate::config::Settings;
use crate::strimzi::{self, Kafka, KafkaTopic, KafkaUser};

/// What came of asking for one object.
#[derive(Clone, Debug, Default)]
pub enum Lookup<T> {
    Found(T),
    #[default]
    Missing,
    /// The API server does not know the kind: its CRD is not installed.
    KindMissing,
    /// We may not read there.
    Forbidden,
}

impl<T> Lookup<T> {
    pub fn found(&self) -> Option<&T> {
        match self {
            Self::Found(object) => Some(object),
            Self::Missing | Self::KindMissing | Self::Forbidden => None,
        }
    }
}

/// What there is.
#[derive(Clone, Debug)]
pub struct Observed {
    pub now: Timestamp,
    /// Objects in the pipeline's namespace whose controller is this resource.
    pub children: Vec<Object>,
    /// Secrets of the namespace that the resource names, and those we made. Absent: not there.
    pub secrets: BTreeMap<String, SecretData>,
    pub kafka: ObservedKafka,
    pub pods: Vec<ObservedPod>,
}

/// What a pod says about itself.
#[derive(Clone, Debug, Default)]
pub struct ObservedPod {
    /// Value of the component label.
    pub component: String,
    /// The Job it belongs to.
    pub job: Option<String>,
    /// Why its container does not start, or why no node takes it.
    pub trouble: Option<String>,
    /// What its container left behind when it ended.
    pub last_words: Option<String>,
    pub name: String,
    /// Its address, as long as it runs.
    pub address: Option<IpAddr>,
    pub ready: bool,
    /// It was asked to stop.
    pub stopping: bool,
}

/// What there is in Kafka's namespace; all `Missing` for a Kafka that Strimzi does not run.
#[derive(Clone, Debug, Default)]
pub struct ObservedKafka {
    pub cluster: Lookup<Kafka>,
    pub cluster_ca: Option<SecretData>,
    pub topic: Lookup<KafkaTopic>,
    pub dead_letter_topic: Lookup<KafkaTopic>,
    pub users: BTreeMap<Component, ObservedUser>,
    /// The one as which the operator asks for lag.
    pub operator_user: ObservedUser,
    /// Topics and users once more, whole.
    pub objects: Vec<Object>,
}

#[derive(Clone, Debug, Default)]
pub struct ObservedUser {
    pub user: Lookup<KafkaUser>,
    pub secret: Option<SecretData>,
}

impl Observed {
    pub fn child(&self, kind: Kind, name: &str) -> Option<&Object> {
        self.children.iter().find(|child| child.kind == kind && child.name() == name)
    }

    /// The object as it lives, wherever it lives.
    pub fn live(&self, wanted: &Object) -> Option<&Object> {
        let same = |live: &&Object| {
            live.kind == wanted.kind && live.name() == wanted.name() && live.namespace() == wanted.namespace()
        };
        self.children.iter().chain(&self.kafka.objects).find(same)
    }
}

/// Reads what there is for `pipeline`.
///
/// # Errors
/// When the API server does not answer, or refuses what the operator needs in the pipeline's own namespace.
pub async fn observe(
    client: &Client,
    pipeline: &OrderPipeline,
    settings: &Settings,
    now: Timestamp,
) -> Result<Observed, kube::Error> {
    let names = Names::of(pipeline);
    let (secrets, children, kafka, pods) = try_join!(
        secrets(client, pipeline, &names),
        children(client, &names),
        kafka(client, pipeline, settings, &names),
        pods(client, &names),
    )?;
    Ok(Observed { now, children, secrets, kafka, pods })
}

async fn secrets(
    client: &Client,
    pipeline: &OrderPipeline,
    names: &Names,
) -> Result<BTreeMap<String, SecretData>, kube::Error> {
    let api = Api::<Secret>::namespaced(client.clone(), &names.namespace);
    let each = references::secrets(pipeline, names).into_iter().map(|name| {
        let api = &api;
        async move { Ok::<_, kube::Error>((api.get_opt(&name).await?, name)) }
    });
    let found = try_join_all(each).await?;
    Ok(found.into_iter().filter_map(|(secret, name)| Some((name, data(secret?)))).collect())
}

/// Objects whose controller is this very resource; one of an earlier resource of that name is the garbage collector's.
pub async fn children(client: &Client, names: &Names) -> Result<Vec<Object>, kube::Error> {
    let labelled = ListParams::default().labels(&format!("{PIPELINE}={}", names.name));
    let lists = try_join_all(Kind::OWN.map(|kind| {
        let api = Api::<DynamicObject>::namespaced_with(client.clone(), &names.namespace, &kind.api_resource());
        let labelled = &labelled;
        async move { Ok::<_, kube::Error>((kind, api.list(labelled).await?)) }
    }));
    let mut children = Vec::new();
    for (kind, list) in lists.await? {
        for object in list {
            let owners = object.metadata.owner_references.as_deref().unwrap_or_default();
            if owners.iter().any(|owner| owner.uid == names.uid) {
                let body = serde_json::to_value(&object).map_err(kube::Error::SerdeError)?;
                children.push(Object::new(kind, body));
            }
        }
    }
    Ok(children)
}

async fn kafka(
    client: &Client,
    pipeline: &OrderPipeline,
    settings: &Settings,
    names: &Names,
) -> Result<ObservedKafka, kube::Error> {
    let Some(strimzi) = &pipeline.spec.kafka.strimzi else {
        return Ok(ObservedKafka::default());
    };
    let namespace = strimzi.namespace.as_deref().unwrap_or(&names.namespace);
    let cluster: Lookup<Kafka> = parse(look_up(client, namespace, &strimzi::kafka(), &strimzi.cluster).await?)?;
    if cluster.found().is_none() {
        return Ok(ObservedKafka { cluster, ..ObservedKafka::default() });
    }
    let mut objects = Vec::new();
    let mut users = BTreeMap::new();
    for component in Component::WITH_KAFKA {
        users.insert(component, user(client, namespace, names.kafka_user(component), &mut objects).await?);
    }
    let own = operator_user(&settings.operator_namespace, &strimzi.cluster, strimzi.authentication);
    let operator_user = user(client, namespace, own, &mut objects).await?;
    let topic = look_up(client, namespace, &strimzi::topic(), &names.kafka_topic()).await?;
    let dead_letters = look_up(client, namespace, &strimzi::topic(), &names.kafka_dead_letter_topic()).await?;
    let topics = [&topic, &dead_letters].into_iter().filter_map(Lookup::found);
    objects.extend(topics.map(|body| Object::new(Kind::KafkaTopic, body.clone())));
    Ok(ObservedKafka {
        cluster,
        cluster_ca: foreign_secret(client, namespace, &format!("{}-cluster-ca-cert", strimzi.cluster)).await?,
        topic: parse(topic)?,
        dead_letter_topic: parse(dead_letters)?,
        users,
        operator_user,
        objects,
    })
}

async fn user(
    client: &Client,
    namespace: &str,
    name: String,
    objects: &mut Vec<Object>,
) -> Result<ObservedUser, kube::Error> {
    let found = look_up(client, namespace, &strimzi::user(), &name).await?;
    objects.extend(found.found().map(|body| Object::new(Kind::KafkaUser, body.clone())));
    let user: Lookup<KafkaUser> = parse(found)?;
    // The status loses the Secret's name while the user is NotReady; the Secret stays, and has the user's name.
    let secret_name = user.found().and_then(|user| user.status.as_ref()?.secret.clone()).unwrap_or(name);
    let secret = if user.found().is_some() { foreign_secret(client, namespace, &secret_name).await? } else { None };
    Ok(ObservedUser { user, secret })
}

/// Asks for one object of a kind that may not be installed, in a namespace that may be closed to us.
pub async fn look_up(
    client: &Client,
    namespace: &str,
    kind: &ApiResource,
    name: &str,
) -> Result<Lookup<Value>, kube::Error> {
    match Api::<DynamicObject>::namespaced_with(client.clone(), namespace, kind).get(name).await {
        Ok(object) => Ok(Lookup::Found(serde_json::to_value(object).map_err(kube::Error::SerdeError)?)),
        Err(kube::Error::Api(status)) if status.is_forbidden() => Ok(Lookup::Forbidden),
        Err(kube::Error::Api(status)) if status.code == 404 => {
            // For an object that is not there the answer names it; for a kind that is not there it cannot.
            let named = status.details.as_ref().is_some_and(|details| details.name == name);
            Ok(if named { Lookup::Missing } else { Lookup::KindMissing })
        }
        Err(error) => Err(error),
    }
}

fn parse<T: DeserializeOwned>(found: Lookup<Value>) -> Result<Lookup<T>, kube::Error> {
    Ok(match found {
        Lookup::Found(body) => Lookup::Found(serde_json::from_value(body).map_err(kube::Error::SerdeError)?),
        Lookup::Missing => Lookup::Missing,
        Lookup::KindMissing => Lookup::KindMissing,
        Lookup::Forbidden => Lookup::Forbidden,
    })
}

/// A Secret outside the pipeline's namespace; one that we may not read is as good as none.
async fn foreign_secret(client: &Client, namespace: &str, name: &str) -> Result<Option<SecretData>, kube::Error> {
    match Api::<Secret>::namespaced(client.clone(), namespace).get_opt(name).await {
        Ok(secret) => Ok(secret.map(data)),
        Err(kube::Error::Api(status)) if status.is_forbidden() => Ok(None),
        Err(error) => Err(error),
    }
}

fn data(secret: Secret) -> SecretData {
    secret.data.unwrap_or_default().into_iter().map(|(key, value)| (key, value.0)).collect()
}

/// The pipeline's pods.
async fn pods(client: &Client, names: &Names) -> Result<Vec<ObservedPod>, kube::Error> {
    let labelled = ListParams::default().labels(&format!("{PIPELINE}={},{COMPONENT}", names.name));
    let pods = Api::<Pod>::namespaced(client.clone(), &names.namespace).list(&labelled).await?;
    Ok(pods.into_iter().filter_map(pod).collect())
}

fn pod(pod: Pod) -> Option<ObservedPod> {
    let name = pod.metadata.name?;
    let stopping = pod.metadata.deletion_timestamp.is_some();
    let mut labels = pod.metadata.labels?;
    let status = pod.status.unwrap_or_default();
    let address = status.pod_ip.as_deref().and_then(|address| address.parse().ok());
    let ready = status.conditions.iter().flatten().any(|one| one.type_ == "Ready" && one.status == "True");
    let state = status.container_statuses.and_then(|mut all| all.pop()?.state);
    let waiting = state.as_ref().and_then(|state| state.waiting.as_ref());
    // These two pass by themselves.
    let waiting = waiting
        .filter(|waiting| !matches!(waiting.reason.as_deref(), Some("ContainerCreating" | "PodInitializing") | None));
    let waiting = waiting.map(|waiting| {
        let reason = waiting.reason.as_deref().unwrap_or_default();
        format!("{reason}: {}", waiting.message.as_deref().unwrap_or_default())
    });
    let unschedulable = status.conditions.unwrap_or_default().into_iter();
    let mut unschedulable = unschedulable.filter(|one| one.type_ == "PodScheduled" && one.status == "False");
    let unschedulable = unschedulable
        .next()
        .map(|one| format!("{}: {}", one.reason.unwrap_or_default(), one.message.unwrap_or_default()));
    Some(ObservedPod {
        component: labels.remove(COMPONENT)?,
        job: labels.remove("batch.kubernetes.io/job-name"),
        trouble: waiting.or(unschedulable),
        last_words: state.and_then(|state| state.terminated?.message),
        name,
        address,
        ready,
        stopping,
    })
}
