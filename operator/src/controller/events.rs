//! Events: what a person who looks at one OrderPipeline should know happened.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::runtime::events::{Event, EventType, Recorder, Reporter};
use kube::{Client, Resource};
use pipeline_api::{ConditionType, OrderPipeline, OrderPipelineStatus};

use super::apply::Applied;
use super::finding::shorten;
use super::object::Kind;
use crate::MANAGER;

/// The API server takes no longer one, in bytes.
const LONGEST_NOTE: usize = 1024;

/// Writes events; one that cannot be written is no reason to fail.
pub struct Events(Recorder);

impl Events {
    pub fn new(client: Client, instance: &str) -> Self {
        let reporter = Reporter { controller: "orderpipeline.dev/operator".into(), instance: Some(instance.into()) };
        Self(Recorder::new(client, reporter))
    }

    pub async fn publish(&self, pipeline: &OrderPipeline, type_: EventType, action: &str, reason: &str, note: String) {
        let note = Some(shorten(note, LONGEST_NOTE));
        let event = Event { type_, reason: reason.into(), note, action: action.into(), secondary: None };
        if let Err(error) = self.0.publish(&event, &pipeline.object_ref(&())).await {
            tracing::debug!(%error, manager = MANAGER, "an event could not be written");
        }
    }

    /// One event for each condition whose state or reason changed.
    pub async fn transitions(&self, pipeline: &OrderPipeline, before: &[Condition], after: &[Condition]) {
        // The others are said by Ready, too.
        const TOLD: [ConditionType; 12] = [
            ConditionType::Ready,
            ConditionType::Stalled,
            ConditionType::KafkaReady,
            ConditionType::DatabaseReady,
            ConditionType::SchemaReady,
            ConditionType::PartitionHot,
            ConditionType::PartitionStalled,
            ConditionType::TransactionStuck,
            ConditionType::OrdersHeld,
            ConditionType::RecordsLost,
            ConditionType::TopicSettingsWeak,
            ConditionType::FieldsWithoutEffect,
        ];
        for kind in TOLD {
            let find = |all: &'_ [Condition]| all.iter().find(|one| one.type_ == kind.as_str()).cloned();
            let Some(now) = find(after) else { continue };
            let same = find(before).is_some_and(|was| was.status == now.status && was.reason == now.reason);
            let quiet = kind.is_abnormal() && now.status != "True";
            if same || quiet {
                continue;
            }
            let good = (now.status == "True") != kind.is_abnormal();
            let type_ = if good || is_progress(&now.reason) { EventType::Normal } else { EventType::Warning };
            let note = format!("{}={}: {}", now.type_, now.status, now.message);
            self.publish(pipeline, type_, "Reconcile", &now.reason, note).await;
        }
    }

    /// Another topic id means that the topic was deleted and made anew: what was in it and not processed is gone.
    pub async fn topic(&self, pipeline: &OrderPipeline, after: &OrderPipelineStatus) {
        let id = |status: &OrderPipelineStatus| status.kafka.as_ref().and_then(|kafka| kafka.topic_id.clone());
        if let (Some(before), Some(after)) = (pipeline.status.as_ref().and_then(id), id(after))
            && before != after
        {
            let note = format!("the orders' topic was made anew: its id was {before} and is {after}");
            self.publish(pipeline, EventType::Warning, "Observe", "TopicRecreated", note).await;
        }
    }

    pub async fn applied(&self, pipeline: &OrderPipeline, applied: &Applied) {
        for (kind, name) in &applied.created {
            if matches!(kind, Kind::Job | Kind::Deployment | Kind::KafkaTopic | Kind::KafkaUser) {
                let note = format!("created {kind:?} {name}");
                self.publish(pipeline, EventType::Normal, "Create", "Created", note).await;
            }
        }
        for (kind, name) in &applied.pruned {
            let note = format!("deleted {kind:?} {name}, which is no longer wanted");
            self.publish(pipeline, EventType::Normal, "Prune", "Pruned", note).await;
        }
    }
}

/// Reasons of a rollout that goes its way.
fn is_progress(reason: &str) -> bool {
    const PROGRESS: [&str; 10] = [
        "CreatingTopics",
        "WaitingForTopics",
        "CreatingUsers",
        "WaitingForUsers",
        "WaitingForCredentials",
        "MigrationDue",
        "Migrating",
        "NotTried",
        "RolloutHeld",
        "ComponentsNotReady",
    ];
    PROGRESS.contains(&reason)
}
