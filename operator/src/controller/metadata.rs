//! What the operator changes in the metadata of an OrderPipeline: its finalizer, and a consent that was used.

use jiff::Timestamp;
use kube::ResourceExt;
use kube::api::{Api, Patch, PatchParams};
use kube::runtime::controller::Action;
use kube::runtime::events::EventType;
use pipeline_api::OrderPipeline;
use serde_json::json;

use super::names::{FINALIZER, NEW_ORDER_NAMESPACE};
use super::validate::OrderNamespace;
use super::{Context, Error, deletion};

pub fn has_finalizer(pipeline: &OrderPipeline) -> bool {
    pipeline.finalizers().iter().any(|finalizer| finalizer == FINALIZER)
}

pub async fn add_finalizer(pipelines: &Api<OrderPipeline>, pipeline: &OrderPipeline) -> Result<(), kube::Error> {
    let mut finalizers = pipeline.finalizers().to_vec();
    finalizers.push(FINALIZER.to_owned());
    set_finalizers(pipelines, pipeline, &finalizers).await
}

/// A pass over a resource that is being deleted.
pub async fn delete(
    pipelines: &Api<OrderPipeline>,
    pipeline: &OrderPipeline,
    context: &Context,
) -> Result<Action, Error> {
    if !has_finalizer(pipeline) {
        return Ok(Action::await_change());
    }
    if pipeline.spec.drain_before_delete {
        let note = "drainBeforeDelete has no effect in this version: orders that wait in Kafka are left".to_owned();
        context.events.publish(pipeline, EventType::Warning, "Delete", "NotDrained", note).await;
    }
    let progress = deletion::advance(&context.client, pipeline, &context.settings, Timestamp::now())
        .await
        .map_err(Error::Deletion)?;
    match progress {
        deletion::Progress::LookAgain { after, waiting_for } => {
            let note = format!("waiting for {waiting_for} to go");
            context.events.publish(pipeline, EventType::Normal, "Delete", "Deleting", note).await;
            Ok(Action::requeue(after))
        }
        deletion::Progress::Done { given_up } => {
            if let Some(left) = given_up {
                let note = format!("deadline passed; left behind: {left}");
                context.events.publish(pipeline, EventType::Warning, "Delete", "LeftBehind", note).await;
            }
            let rest: Vec<_> = pipeline.finalizers().iter().filter(|one| *one != FINALIZER).cloned().collect();
            set_finalizers(pipelines, pipeline, &rest).await.map_err(Error::Metadata)?;
            context.forget(&pipeline.namespace().unwrap_or_default(), &pipeline.name_any());
            Ok(Action::await_change())
        }
    }
}

/// A consent to a new order namespace is good for one time: left in place it would let the next loss pass unseen.
pub async fn take_back_consent(
    pipelines: &Api<OrderPipeline>,
    pipeline: &OrderPipeline,
    namespace: &OrderNamespace,
) -> Result<(), kube::Error> {
    let given = pipeline.annotations().contains_key(NEW_ORDER_NAMESPACE);
    if !given || matches!(namespace, OrderNamespace::Lost { .. }) {
        return Ok(());
    }
    let patch = json!({"metadata": {"annotations": {NEW_ORDER_NAMESPACE: null}}});
    pipelines.patch_metadata(&pipeline.name_any(), &PatchParams::default(), &Patch::Merge(patch)).await.map(|_| ())
}

/// With the resourceVersion: someone else's finalizer is never overwritten, and a later resource never touched.
async fn set_finalizers(
    pipelines: &Api<OrderPipeline>,
    pipeline: &OrderPipeline,
    finalizers: &[String],
) -> Result<(), kube::Error> {
    let version = &pipeline.metadata.resource_version;
    let patch = json!({"metadata": {"finalizers": finalizers, "resourceVersion": version}});
    match pipelines.patch_metadata(&pipeline.name_any(), &PatchParams::default(), &Patch::Merge(patch)).await {
        Ok(_) => Ok(()),
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
        Err(error) => Err(error),
    }
}
