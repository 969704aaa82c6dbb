//! How many database connections each pod may hold.
//!
//! Pools are sized from the most pods there can be, surge included, so that scaling never changes a pod template. The
//! sum over all components plus a reserve of 5 (for people and tools) stays within `database.maxConnections`: first
//! pools shrink, then the most consumers, then the resource is refused.

use std::collections::BTreeMap;

use pipeline_api::{Migrations, OrderPipelineSpec};

use crate::controller::component::Component;
use crate::controller::finding::Finding;
use crate::controller::replicas;

const RESERVE: i32 = 5;

/// Connections per pod: what is good, and with what it still works.
const POOLS: [(Component, i32, i32); 4] = [
    (Component::SearchApi, 8, 2),
    (Component::OrderApi, 8, 2),
    (Component::OrderConsumer, 4, 2),
    (Component::Notifier, 2, 1),
];

/// The connections, shared out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    pub pools: BTreeMap<Component, i32>,
    pub max_consumers: i32,
    /// Whether `max_consumers` is below what the resource asks for because of the connections.
    pub limits_consumers: bool,
    pub refusal: Option<Finding>,
}

/// Shares `database.maxConnections` out.
pub fn share_out(spec: &OrderPipelineSpec) -> Budget {
    let wanted = replicas::most_consumers(spec);
    let fewest = replicas::fewest_consumers(spec).max(1).min(wanted.max(1));
    let mut max_consumers = wanted;
    // Three sizes of pools are enough: good, half, and with what it still works.
    for pools in [pools(|good, _| good), pools(|good, least| (good / 2).max(least)), pools(|_, least| least)] {
        if sum(spec, &pools, wanted) + RESERVE <= spec.database.max_connections {
            return Budget { pools, max_consumers, limits_consumers: false, refusal: None };
        }
    }
    let pools = pools(|_, least| least);
    while max_consumers > fewest && sum(spec, &pools, max_consumers) + RESERVE > spec.database.max_connections {
        max_consumers -= 1;
    }
    let need = sum(spec, &pools, max_consumers) + RESERVE;
    let refusal = (need > spec.database.max_connections).then(|| {
        let message = format!(
            "spec.database.maxConnections is {}, but the fewest that all replicas need is {need} ({RESERVE} of them in reserve)",
            spec.database.max_connections
        );
        Finding::no("ConnectionBudgetExceeded", message)
    });
    Budget { pools, max_consumers, limits_consumers: max_consumers < wanted, refusal }
}

fn pools(size: impl Fn(i32, i32) -> i32) -> BTreeMap<Component, i32> {
    POOLS.iter().map(|(component, good, least)| (*component, size(*good, *least))).collect()
}

/// Connections of all pods when each component has as many as it can, one more while it rolls, and the migrator.
fn sum(spec: &OrderPipelineSpec, pools: &BTreeMap<Component, i32>, consumers: i32) -> i32 {
    let pods = |component| match component {
        Component::OrderConsumer => consumers + 1,
        other => match replicas::most(spec, other) {
            0 => 0,
            most => most + 1,
        },
    };
    let migrator = if spec.database.migrations == Migrations::Auto { 1 } else { 0 };
    pools.iter().map(|(component, pool)| pool * pods(*component)).sum::<i32>() + migrator
}
