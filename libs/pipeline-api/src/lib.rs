//! The Rust types of the `OrderPipeline` custom resource (`orderpipeline.dev/v1alpha1`).
//!
//! One file per block of the spec, one for the status. The CRD under `crds/` is generated from these
//! types by `order-pipeline-operator crd`; a test in the operator proves that file and types agree.
//!
//! What is *not* here: a Kubernetes client, I/O, and decisions. Whoever needs to read or write an
//! OrderPipeline (operator, orderctl, tests) depends on this crate alone.
//!
//! Invariants:
//! - every string, list and map of the spec has an upper bound, so that the CEL rules have a cost the
//!   API server accepts;
//! - a rule's message starts with the path of the field it speaks of;
//! - defaults are in the schema, so that `kubectl get -o yaml` shows what runs. The exceptions
//!   say so in their documentation.

mod access;
mod bounds;
mod consumer;
mod database;
mod duration;
mod exposure;
mod images;
mod intake;
mod kafka;
mod monitoring;
mod notifications;
mod pipeline;
mod secret_ref;
mod status;
mod workload;

pub use access::Access;
pub use bounds::ResourceList;
pub use consumer::{Consumer, Scaling, ScalingMode, ScalingTargets, Schedule};
pub use database::{Database, DatabaseTls, DatabaseTlsMode, DatabaseUsers, Migrations};
pub use duration::{Duration, DurationError};
pub use exposure::{Exposure, HttpRoute, Ingress, NetworkPolicy, ParentRef};
pub use images::{Images, PullPolicy};
pub use intake::{Orders, Producer, ProducerMode, Search, Storefront};
pub use kafka::{
    DeletionPolicy, ExternalKafka, ExternalSasl, ExternalTls, Kafka, SaslMechanism, StrimziAuthentication,
    StrimziKafka, Topic,
};
pub use monitoring::{Monitor, Monitoring};
pub use notifications::{Notifications, Smtp, SmtpTls};
pub use pipeline::{Intake, OrderPipeline, OrderPipelineSpec, Suspend};
pub use secret_ref::{SecretKeyRef, SecretRef};
pub use status::{ComponentStatus, ConditionType, DatabaseStatus, KafkaStatus, OrderPipelineStatus, ScalingStatus};
pub use workload::{Autoscaling, EnvVar, PodTemplate, PodTemplateMetadata, PodTemplateSpec, Resources};

/// API group of the resource, and prefix of every annotation and label of ours.
pub const GROUP: &str = "orderpipeline.dev";
