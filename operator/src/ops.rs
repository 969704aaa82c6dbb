//! The operations view: what happened to one pipeline in the last hour, as JSON, for the holder of its admin token.
//!
//! Read-only. It answers from memory: no call of it reaches Kubernetes or Kafka. A wrong token and a pipeline that is not
//! there get the same answer. A pipeline without `spec.access.adminTokenSecretRef` is closed. golden/scaling.json is the
//! shape, which the storefront's tests use, too.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use pipeline_api::{ComponentStatus, ScalingStatus};
use serde::Serialize;
use service_runtime::auth::{check_bearer, unauthorized};
use service_runtime::problem::Problem;

use crate::controller::status;
use crate::sampling::record::{Decided, Sample};
use crate::sampling::{Board, Key};

/// The body of the answer.
#[derive(Serialize, Clone, Debug)]
#[serde(rename_all = "camelCase")]
pub struct View {
    namespace: String,
    name: String,
    now: Timestamp,
    components: Vec<ComponentStatus>,
    conditions: Vec<Condition>,
    /// As `status.scaling`, but live; without what only the next operator needs.
    scaling: ScalingStatus,
    /// What scaling aims at; absent while the resource's scaling block means nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    targets: Option<Targets>,
    /// Oldest first, every 5 s.
    samples: Vec<Sample>,
    /// Oldest first.
    decisions: Vec<Decided>,
}

#[derive(Serialize, Clone, Debug)]
#[serde(rename_all = "camelCase")]
struct Targets {
    max_order_age_seconds: f64,
    drain_after_burst_seconds: f64,
}

/// Routes of the operations view.
pub fn router(board: Arc<Board>) -> Router {
    Router::new().route("/pipelines/{namespace}/{name}/scaling", get(scaling)).with_state(board)
}

async fn scaling(
    State(board): State<Arc<Board>>,
    Path((namespace, name)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if !board.leads() {
        let why = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "standby", "Another operator works at the moment");
        return Err(why.retry_after(1));
    }
    let key = Key { namespace, name };
    let token = board.token(&key).ok_or_else(unauthorized)?;
    check_bearer(&headers, &token)?;
    let view = view(&board, key, Timestamp::now())
        .ok_or_else(|| Problem::new(StatusCode::NOT_FOUND, "no-such-pipeline", "The pipeline was deleted just now"))?;
    let mut response = Json(view).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

fn view(board: &Board, key: Key, now: Timestamp) -> Option<View> {
    let report = board.report(&key)?;
    let told = report.scaling;
    let live = report.latest.map(|latest| status::figures(&latest.decision));
    let scaling = ScalingStatus {
        replicas: told.replicas,
        limited_by: told.limited_by.clone(),
        last_decision: told.last_decision.clone(),
        history: None,
        selector: None,
        ..live.unwrap_or(told)
    };
    let targets = report.targets.map(|(max_order_age_seconds, drain_after_burst_seconds)| Targets {
        max_order_age_seconds,
        drain_after_burst_seconds,
    });
    Some(View {
        namespace: key.namespace,
        name: key.name,
        now,
        components: report.components,
        conditions: report.conditions,
        scaling,
        targets,
        samples: report.samples,
        decisions: report.decisions,
    })
}

#[cfg(test)]
mod tests {
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
    use serde_json::Value;

    use super::*;

    /// The golden file, made of the types.
    #[test]
    fn the_shape_is_the_golden_files() {
        let time = |text: &str| text.parse::<Timestamp>().unwrap();
        let start = time("2026-01-01T01:00:00Z");
        let reason = "1 -> 4 consumers: 610 orders/s come in, one consumer works off about 200/s";
        let view = View {
            namespace: "orders".into(),
            name: "shop".into(),
            now: time("2026-01-01T01:00:05Z"),
            components: vec![ComponentStatus {
                name: "order-consumer".into(),
                ready: 3,
                desired: 4,
                version: "0.1.0".into(),
            }],
            conditions: vec![Condition {
                type_: "ConsumersScaled".into(),
                status: "False".into(),
                reason: "Scaling".into(),
                message: "consumers available: 3 of 4".into(),
                last_transition_time: Time(start),
                observed_generation: Some(1),
            }],
            scaling: ScalingStatus {
                lag: Some(4200),
                oldest_order_age: Some("21s".into()),
                arrival_rate: Some(610.0),
                capacity_per_replica: Some(200.0),
                replicas: Some(4),
                recommended: Some(4),
                drain_eta: Some("1m".into()),
                last_decision: Some(reason.into()),
                ..ScalingStatus::default()
            },
            targets: Some(Targets { max_order_age_seconds: 30.0, drain_after_burst_seconds: 120.0 }),
            samples: vec![
                Sample {
                    t: start,
                    lag: Some(4200),
                    oldest_order_age_seconds: Some(20.6),
                    arrival_rate: Some(610.0),
                    service_rate: Some(196.5),
                    replicas: 1,
                },
                Sample {
                    t: time("2026-01-01T01:00:05Z"),
                    lag: None,
                    oldest_order_age_seconds: None,
                    arrival_rate: None,
                    service_rate: None,
                    replicas: 4,
                },
            ],
            decisions: vec![Decided {
                t: start,
                from: 1,
                to: 4,
                applied: true,
                reason: reason.into(),
                limited_by: None,
            }],
        };
        let golden: Value = serde_json::from_str(include_str!("../golden/scaling.json")).unwrap();
        assert_eq!(serde_json::to_value(&view).unwrap(), golden);
    }
}
