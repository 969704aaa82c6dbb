//! Step 4: the plan becomes true, by server-side apply with one field manager, object by object in the plan's order.
//!
//! An object that already has all that is wanted is not written: at rest the operator writes nothing.

use kube::Client;
use kube::api::{Api, DeleteParams, DynamicObject, Patch, PatchParams, PostParams, Preconditions};

use super::object::{Kind, Object};
use super::observe::Observed;
use super::plan::Plan;
use crate::MANAGER;
use crate::metrics::Metrics;

/// What was written.
#[derive(Debug, Default)]
pub struct Applied {
    /// Objects as the API server has them now.
    pub written: Vec<Object>,
    pub created: Vec<(Kind, String)>,
    pub pruned: Vec<(Kind, String)>,
    /// What Kafka's namespace refused. It stops nothing here, and is tried again.
    pub kafka_refused: Option<Refused>,
}

/// The API server's word on an object in Kafka's namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// We may not write there; else it is the object that is not taken.
    pub forbidden: bool,
    pub message: String,
}

/// The API server refused an object, or did not answer.
#[derive(Debug, thiserror::Error)]
#[error("cannot {verb} {kind:?} {name}")]
pub struct ApplyError {
    verb: &'static str,
    kind: Kind,
    name: String,
    #[source]
    source: kube::Error,
}

impl ApplyError {
    /// The API server judged the object invalid: only a change of the resource can cure that.
    pub fn is_invalid(&self) -> bool {
        matches!(&self.source, kube::Error::Api(status) if status.code == 422)
    }
}

/// Makes the plan true.
///
/// # Errors
/// At the first object of the pipeline's own namespace that cannot be written; those after it may depend on it.
pub async fn apply(
    client: &Client,
    plan: &Plan,
    observed: &Observed,
    metrics: &Metrics,
) -> Result<Applied, ApplyError> {
    let mut applied = Applied::default();
    if let Some(object) = &plan.create {
        create(client, object, &mut applied).await?;
    }
    for object in &plan.apply {
        let live = observed.live(object);
        if live.is_some_and(|live| live.satisfies(object)) {
            continue;
        }
        match write(client, object).await {
            Ok(written) => {
                metrics.writes.inc();
                if live.is_none() {
                    applied.created.push((object.kind, object.name().to_owned()));
                }
                applied.written.push(written);
            }
            Err(source) => match refused(object, &source) {
                Some(refused) => _ = applied.kafka_refused.get_or_insert(refused),
                None => return Err(failure("apply", object, source)),
            },
        }
    }
    for (name, replicas) in &plan.scale {
        if let Some(live) = observed.child(Kind::Deployment, name) {
            let scaled = scale(client, live, *replicas).await.map_err(|source| failure("scale", live, source))?;
            metrics.writes.inc();
            applied.written.push(scaled);
        }
    }
    for (kind, name) in &plan.prune {
        if let Some(child) = observed.child(*kind, name) {
            delete(client, child).await.map_err(|source| failure("delete", child, source))?;
            metrics.writes.inc();
            applied.pruned.push((*kind, name.clone()));
        }
    }
    Ok(applied)
}

/// Whether it is a refusal that holds up nothing else. An API server that does not answer, or is busy, holds up all.
fn refused(object: &Object, error: &kube::Error) -> Option<Refused> {
    let kube::Error::Api(status) = error else { return None };
    let in_kafka = matches!(object.kind, Kind::KafkaTopic | Kind::KafkaUser);
    let by_judgement = (400..500).contains(&status.code) && status.code != 429;
    let message = format!("{:?} {}: {}", object.kind, object.name(), status.message);
    (in_kafka && by_judgement).then(|| Refused { forbidden: status.is_forbidden(), message })
}

fn failure(verb: &'static str, object: &Object, source: kube::Error) -> ApplyError {
    ApplyError { verb, kind: object.kind, name: object.name().to_owned(), source }
}

fn api(client: &Client, object: &Object) -> Api<DynamicObject> {
    Api::namespaced_with(client.clone(), object.namespace(), &object.kind.api_resource())
}

async fn write(client: &Client, object: &Object) -> Result<Object, kube::Error> {
    let params = PatchParams::apply(MANAGER).force().validation_strict();
    let written = api(client, object).patch(object.name(), &params, &Patch::Apply(&object.body)).await?;
    Ok(Object::new(object.kind, serde_json::to_value(written).map_err(kube::Error::SerdeError)?))
}

/// Changes the number of pods alone: the template that runs stays whose it is.
async fn scale(client: &Client, live: &Object, replicas: i32) -> Result<Object, kube::Error> {
    let params = PatchParams { field_manager: Some(MANAGER.into()), ..PatchParams::default() };
    let patch = Patch::Merge(serde_json::json!({"spec": {"replicas": replicas}}));
    let written = api(client, live).patch(live.name(), &params, &patch).await?;
    Ok(Object::new(live.kind, serde_json::to_value(written).map_err(kube::Error::SerdeError)?))
}

/// Creates an object that must never be overwritten; when it is there after all, the next pass will see it.
async fn create(client: &Client, object: &Object, applied: &mut Applied) -> Result<(), ApplyError> {
    let body = serde_json::from_value(object.body.clone()).map_err(kube::Error::SerdeError);
    let body: DynamicObject = body.map_err(|source| failure("create", object, source))?;
    let params = PostParams { field_manager: Some(MANAGER.into()), ..PostParams::default() };
    match api(client, object).create(&params, &body).await {
        Ok(_) => {
            applied.created.push((object.kind, object.name().to_owned()));
            Ok(())
        }
        Err(kube::Error::Api(status)) if status.code == 409 => Ok(()),
        Err(source) => Err(failure("create", object, source)),
    }
}

/// Deletes this very object, not a later one of its name.
pub async fn delete(client: &Client, object: &Object) -> Result<(), kube::Error> {
    let uid = object.body["metadata"]["uid"].as_str().map(str::to_owned);
    let params = DeleteParams::background().preconditions(Preconditions { uid, resource_version: None });
    match api(client, object).delete(object.name(), &params).await {
        Ok(_) => Ok(()),
        // Gone already, or another one by now.
        Err(kube::Error::Api(status)) if status.code == 404 || status.code == 409 => Ok(()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use kube::core::Status;
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case::forbidden(Kind::KafkaTopic, 403, Some(true))]
    #[case::invalid(Kind::KafkaUser, 422, Some(false))]
    #[case::busy(Kind::KafkaTopic, 429, None)]
    #[case::broken(Kind::KafkaTopic, 500, None)]
    #[case::ours(Kind::Deployment, 403, None)]
    fn only_a_refusal_in_kafkas_namespace_holds_up_nothing(
        #[case] kind: Kind,
        #[case] code: u16,
        #[case] forbidden: Option<bool>,
    ) {
        let object = Object::new(kind, json!({"metadata": {"name": "orders-shop"}}));
        let reason = if code == 403 { "Forbidden" } else { "any" };
        let error = kube::Error::Api(Box::new(Status::failure("no", reason).with_code(code)));
        assert_eq!(refused(&object, &error).map(|refused| refused.forbidden), forbidden);
    }
}
