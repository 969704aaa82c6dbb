//! The controller of OrderPipelines: which events lead to a pass, and what a pass is.

pub mod apply;
pub mod component;
pub mod consumers;
pub mod deletion;
pub mod events;
pub mod finding;
pub mod metadata;
pub mod names;
pub mod object;
pub mod observe;
pub mod plan;
pub mod references;
pub mod replicas;
pub mod secret_data;
pub mod status;
pub mod validate;

use std::collections::HashMap;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures::{FutureExt, StreamExt};
use jiff::Timestamp;
use kube::api::{Api, PartialObjectMeta};
use kube::runtime::controller::{Action, Config};
use kube::runtime::events::EventType;
use kube::runtime::reflector::ObjectRef;
use kube::runtime::{Controller, Predicate, PredicateConfig, WatchStreamExt, predicates, reflector, watcher};
use kube::{Client, ResourceExt};
use pipeline_api::OrderPipeline;

use crate::config::Settings;
use crate::metrics::{Metrics, PassLabels};
use crate::sampling::{Board, Key};
use crate::watches::Watches;
use events::Events;

/// What the work queue holds: metadata only, so that a resource which cannot be read blocks no other.
pub type Trigger = PartialObjectMeta<OrderPipeline>;

/// What every pass shares.
pub struct Context {
    pub client: Client,
    pub settings: Settings,
    pub metrics: Metrics,
    pub events: Events,
    pub watches: Watches,
    /// What is sampled, and what came of it.
    pub board: Arc<Board>,
    /// Failed passes in a row, by resource.
    failures: Mutex<HashMap<ObjectRef<Trigger>, u32>>,
}

impl Context {
    pub fn new(
        client: Client,
        settings: Settings,
        metrics: Metrics,
        instance: &str,
        watches: Watches,
        board: Arc<Board>,
    ) -> Self {
        let events = Events::new(client.clone(), instance);
        Self { client, settings, metrics, events, watches, board, failures: Mutex::default() }
    }

    /// The resource is gone.
    fn forget(&self, namespace: &str, name: &str) {
        self.watches.forget(namespace, name);
        let key = Key { namespace: namespace.to_owned(), name: name.to_owned() };
        self.board.forget(&key);
        self.metrics.scaling.clear(&key);
    }
}

/// A pass that ended early. It is tried again, later each time.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot read the state of the cluster")]
    Observe(#[source] kube::Error),
    #[error(transparent)]
    Apply(#[from] apply::ApplyError),
    #[error("cannot write the status")]
    Status(#[source] kube::Error),
    #[error("cannot change the resource's metadata")]
    Metadata(#[source] kube::Error),
    #[error("cannot delete what belongs to the resource")]
    Deletion(#[source] kube::Error),
    #[error("a bug: the pass panicked, the log says where")]
    Panic,
}

/// Runs passes until `stop`; `namespace` is `None` for all.
pub async fn run(
    context: Arc<Context>,
    namespace: Option<&str>,
    stop: impl Future<Output = ()> + Send + Sync + 'static,
) {
    let client = context.client.clone();
    let pipelines: Api<Trigger> = match namespace {
        Some(namespace) => Api::namespaced(client.clone(), namespace),
        None => Api::all(client.clone()),
    };
    let (store, writer) = reflector::store();
    // A change of the status is our own and leads to no pass.
    let changes = predicates::generation.combine(predicates::annotations).combine(predicates::finalizers);
    let main = watcher(pipelines, watcher::Config::default())
        .default_backoff()
        .reflect(writer)
        .touched_objects()
        .predicate_filter(changes, PredicateConfig::default());
    let mut controller = Controller::for_stream(main, store)
        .with_config(Config::default().concurrency(8).debounce(Duration::from_millis(200)))
        .graceful_shutdown_on(stop);
    for trigger in context.watches.children(namespace) {
        controller = controller.reconcile_on(trigger);
    }
    controller
        .reconcile_on(context.watches.triggers())
        .run(reconcile, on_error, context)
        .for_each(|_| std::future::ready(()))
        .await;
}

/// One pass over one resource.
async fn reconcile(trigger: Arc<Trigger>, context: Arc<Context>) -> Result<Action, Error> {
    let started = Instant::now();
    // A bug that one resource brings out must not stop the others.
    let result = AssertUnwindSafe(pass(&trigger, &context)).catch_unwind().await.unwrap_or(Err(Error::Panic));
    context.metrics.pass_seconds.observe(started.elapsed().as_secs_f64());
    let label = PassLabels { result: if result.is_ok() { "ok" } else { "error" } };
    context.metrics.passes.get_or_create(&label).inc();
    if result.is_ok() {
        let mut failures = context.failures.lock().unwrap_or_else(PoisonError::into_inner);
        failures.remove(&ObjectRef::from_obj(&*trigger));
    }
    result
}

async fn pass(trigger: &Trigger, context: &Context) -> Result<Action, Error> {
    let (name, namespace) = (trigger.name_any(), trigger.namespace().unwrap_or_default());
    let client = &context.client;
    let pipelines = Api::<OrderPipeline>::namespaced(client.clone(), &namespace);
    // Read anew: the watch may lag behind our own last write.
    let pipeline = match pipelines.get_opt(&name).await {
        Ok(Some(pipeline)) => pipeline,
        Ok(None) => {
            context.forget(&namespace, &name);
            return Ok(Action::await_change());
        }
        Err(kube::Error::SerdeError(error)) => {
            tracing::error!(%error, pipeline.name = name, pipeline.namespace = namespace, "a resource cannot be read");
            return Ok(Action::await_change());
        }
        Err(error) => return Err(Error::Observe(error)),
    };
    if pipeline.metadata.deletion_timestamp.is_some() {
        return metadata::delete(&pipelines, &pipeline, context).await;
    }
    if !metadata::has_finalizer(&pipeline) {
        // The watch then leads to the first whole pass.
        metadata::add_finalizer(&pipelines, &pipeline).await.map_err(Error::Metadata)?;
        return Ok(Action::await_change());
    }
    context.watches.follow(&pipeline);

    let now = Timestamp::now();
    let observed = observe::observe(client, &pipeline, &context.settings, now).await.map_err(Error::Observe)?;
    let valid = validate::validate(&pipeline, &observed, &context.settings);
    let key = Key { namespace, name };
    let view = context.board.view(&key, &valid.names.uid);
    let inputs = plan::Inputs {
        pipeline: &pipeline,
        valid: &valid,
        observed: &observed,
        settings: &context.settings,
        decided: view.decided,
    };
    let plan = plan::plan(&inputs, uuid::Uuid::new_v4());
    let applied = apply::apply(client, &plan, &observed, &context.metrics).await;
    let outcome = status::Outcome {
        pipeline: &pipeline,
        observed: &observed,
        valid: &valid,
        plan: &plan,
        scaling: &view,
        applied: applied
            .as_ref()
            .map_err(|error| status::Refusal { message: chain(error), for_good: error.is_invalid() }),
    };
    let change = consumers::change(&outcome);
    if let Some(change) = &change {
        context.board.changed(&key, &change.told);
    }
    let status = status::status(&outcome, change.as_ref());
    let target = consumers::target(&outcome);
    let remembered = pipeline.status.as_ref().and_then(|status| status.scaling.as_ref()?.history.as_deref());
    context.board.post(&key, target, remembered, context.watches.passes());
    let written = status::write(client, &pipeline, &status, view.due).await.map_err(Error::Status)?;
    context.board.told(&key, &status, written);

    let before = pipeline.status.as_ref().map(|status| status.conditions.as_slice()).unwrap_or_default();
    context.events.transitions(&pipeline, before, &status.conditions).await;
    context.events.topic(&pipeline, &status).await;
    if let Some(change) = &change {
        context.events.publish(&pipeline, EventType::Normal, "Scale", change.reason, change.told.clone()).await;
    }
    let applied = applied?;
    context.events.applied(&pipeline, &applied).await;
    metadata::take_back_consent(&pipelines, &pipeline, &valid.order_namespace).await.map_err(Error::Metadata)?;
    let look_again = match applied.kafka_refused {
        Some(_) => Some(plan::WHEN_WAITING),
        None => plan.look_again,
    };
    Ok(look_again.map_or_else(Action::await_change, Action::requeue))
}

/// Later each time: 1 s, 2 s, … 2 min.
fn on_error(trigger: Arc<Trigger>, error: &Error, context: Arc<Context>) -> Action {
    let mut failures = context.failures.lock().unwrap_or_else(PoisonError::into_inner);
    let failed = failures.entry(ObjectRef::from_obj(&*trigger)).or_insert(0);
    *failed += 1;
    let delay = Duration::from_secs(1 << (*failed - 1).min(7)).min(Duration::from_secs(120));
    tracing::warn!(
        pipeline.name = trigger.name_any(),
        pipeline.namespace = trigger.namespace(),
        attempt = *failed,
        "a pass failed, next in {delay:?}: {}",
        chain(error)
    );
    Action::requeue(delay)
}

/// An error and what caused it, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}
