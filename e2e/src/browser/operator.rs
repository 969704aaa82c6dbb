//! Stands in for the operator where none runs: an hour with a burst, in the shape of operator/golden/scaling.json.

use axum::Json;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::platform::ADMIN_TOKEN;

const STEP: i64 = 5;
const HOUR: i64 = 3600;

pub(super) async fn scaling(headers: HeaderMap) -> Response {
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if given != Some(&format!("Bearer {ADMIN_TOKEN}")) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    Json(hour_until(Timestamp::now())).into_response()
}

/// 12 minutes of 650 orders a second after a quiet half hour: consumers follow from 1 to 4 and back to 2.
fn hour_until(now: Timestamp) -> Value {
    let mut lag = 0.0_f64;
    let samples: Vec<Value> = (0..HOUR / STEP)
        .map(|step| {
            let second = step * STEP;
            let arrival = arrivals(second);
            let replicas = replicas(second);
            let service = (lag / STEP as f64 + arrival).min(200.0 * replicas as f64);
            lag = (lag + (arrival - service) * STEP as f64).max(0.0);
            // A broker that did not answer: unknown, not zero.
            let known = !(1500..1560).contains(&second);
            json!({
                "t": at(now, second),
                "lag": known.then_some(lag.round()),
                "oldestOrderAgeSeconds": known.then_some(if lag < 1.0 { 0.2 } else { lag / service }),
                "arrivalRate": known.then_some(arrival),
                "serviceRate": known.then_some(service),
                "replicas": replicas,
            })
        })
        .collect();
    let decision = |second: i64, from: i64, to: i64, reason: &str, limited_by: Option<&str>| json!({"t": at(now, second), "from": from, "to": to, "applied": true, "reason": reason, "limitedBy": limited_by});
    let mut golden: Value =
        serde_json::from_str(include_str!("../../../operator/golden/scaling.json")).expect("the golden file is JSON");
    golden["now"] = json!(now);
    golden["samples"] = json!(samples);
    golden["decisions"] = json!([
        decision(1820, 1, 4, "650 orders/s come in, one consumer works off about 200/s", None),
        decision(2400, 4, 4, "more consumers would exceed what the database can take", Some("DatabaseConnections")),
        decision(3200, 4, 2, "240 orders/s come in and nothing waits; two consumers are enough", None),
    ]);
    golden
}

fn at(now: Timestamp, second: i64) -> Timestamp {
    now - SignedDuration::from_secs(HOUR - second)
}

fn arrivals(second: i64) -> f64 {
    let wobble = (second as f64 / 37.0).sin() * 20.0;
    wobble
        + if (1800..2520).contains(&second) {
            650.0
        } else if second >= 2520 {
            240.0
        } else {
            120.0
        }
}

fn replicas(second: i64) -> i64 {
    match second {
        ..1830 => 1,
        1830..3210 => 4,
        _ => 2,
    }
}
