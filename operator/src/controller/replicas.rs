//! How many pods each component has, and who says so.

use pipeline_api::{Autoscaling, Intake, OrderPipelineSpec, ScalingMode};

use super::component::Component;
use super::object::Object;
use crate::MANAGER;

const DEFAULT: i32 = 2;

/// Pods that should run now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replicas {
    pub count: i32,
    /// A HorizontalPodAutoscaler keeps the number: what is applied does not speak of it.
    pub left_to_autoscaler: bool,
}

impl Replicas {
    fn ours(count: i32) -> Self {
        Self { count, left_to_autoscaler: false }
    }
}

/// What the number of pods depends on beside the spec.
pub struct Circumstances<'a> {
    /// The component's Deployment.
    pub live: Option<&'a Object>,
    /// Whether its HorizontalPodAutoscaler exists.
    pub autoscaler_exists: bool,
    /// Consumers that scaling from lag decided on.
    pub decided: Option<i32>,
    /// Most consumers that partitions and database connections allow.
    pub max_consumers: i32,
}

/// Pods that should run now.
pub fn wanted(spec: &OrderPipelineSpec, component: Component, circumstances: &Circumstances<'_>) -> Replicas {
    let suspended = spec.suspend.as_ref().map(|suspend| suspend.intake);
    match (component, suspended) {
        (Component::OrderConsumer | Component::Notifier, Some(_)) | (Component::OrderApi, Some(Intake::Refuse)) => {
            Replicas::ours(0)
        }
        (Component::OrderConsumer, None) => Replicas::ours(consumers_now(spec, circumstances)),
        _ => match autoscaling(spec, component) {
            Some(autoscaling) => autoscaled(autoscaling, circumstances),
            None => Replicas::ours(fewest(spec, component)),
        },
    }
}

/// By hand; else as scaling decided; else as many as there are: a new operator changes nothing before it knows.
fn consumers_now(spec: &OrderPipelineSpec, circumstances: &Circumstances<'_>) -> i32 {
    let most = circumstances.max_consumers;
    if let Some(by_hand) = spec.consumer.replicas {
        return by_hand.min(most);
    }
    let running = circumstances.live.and_then(replicas_of);
    let fewest = spec.consumer.scaling.min_replicas;
    // What was decided under another mode counts no more.
    let decided = circumstances.decided.filter(|_| spec.consumer.scaling.mode == ScalingMode::Auto);
    decided.or(running).unwrap_or(fewest).max(fewest).min(most)
}

/// Until the autoscaler has written the number, it is ours to keep: dropped earlier, the API server would take the
/// field for removed and go back to one pod. At 0 an autoscaler does nothing, so it is woken.
fn autoscaled(autoscaling: &Autoscaling, circumstances: &Circumstances<'_>) -> Replicas {
    let Some(running) = circumstances.live.and_then(replicas_of).filter(|running| *running > 0) else {
        return Replicas::ours(autoscaling.min);
    };
    let taken_over = circumstances.autoscaler_exists && circumstances.live.is_some_and(is_written_by_another);
    Replicas { count: running, left_to_autoscaler: taken_over }
}

/// Whether another field manager than the operator has set `spec.replicas` to what it is.
fn is_written_by_another(deployment: &Object) -> bool {
    let managers = deployment.body["metadata"]["managedFields"].as_array();
    managers
        .into_iter()
        .flatten()
        .any(|entry| entry["manager"] != MANAGER && entry["fieldsV1"]["f:spec"].get("f:replicas").is_some())
}

/// `spec.replicas` of a Deployment.
pub fn replicas_of(deployment: &Object) -> Option<i32> {
    deployment.body["spec"]["replicas"].as_i64().and_then(|replicas| i32::try_from(replicas).ok())
}

/// How a component is scaled by CPU, if it is.
pub fn autoscaling(spec: &OrderPipelineSpec, component: Component) -> Option<&Autoscaling> {
    match component {
        Component::SearchApi => spec.search.autoscaling.as_ref(),
        Component::OrderApi => spec.orders.autoscaling.as_ref(),
        Component::OrderConsumer | Component::Notifier | Component::Migrator | Component::Storefront => None,
    }
}

/// Fewest consumers that the resource asks for: by hand, or the minimum of scaling; never more than partitions.
pub fn fewest_consumers(spec: &OrderPipelineSpec) -> i32 {
    spec.consumer.replicas.unwrap_or(spec.consumer.scaling.min_replicas).min(spec.kafka.topic.partitions)
}

/// Most consumers there can ever be.
pub fn most_consumers(spec: &OrderPipelineSpec) -> i32 {
    let most = spec.consumer.replicas.unwrap_or(0).max(spec.consumer.scaling.max_replicas);
    most.min(spec.kafka.topic.partitions)
}

/// Most pods there can be of a component.
pub fn most(spec: &OrderPipelineSpec, component: Component) -> i32 {
    match component {
        Component::OrderConsumer => most_consumers(spec),
        _ => autoscaling(spec, component).map_or(fewest(spec, component), |autoscaling| autoscaling.max),
    }
}

fn fewest(spec: &OrderPipelineSpec, component: Component) -> i32 {
    let given = |replicas: Option<i32>| replicas.or(autoscaling(spec, component).map(|one| one.min)).unwrap_or(DEFAULT);
    match component {
        Component::SearchApi => given(spec.search.replicas),
        Component::OrderApi => given(spec.orders.replicas),
        Component::OrderConsumer => fewest_consumers(spec),
        Component::Notifier => i32::from(spec.notifications.is_some()),
        Component::Storefront => spec.storefront.replicas,
        Component::Migrator => 1,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::controller::object::Kind;

    fn deployment(replicas: i32, managers: &[&str]) -> Object {
        let fields: Vec<Value> = managers
            .iter()
            .map(|manager| json!({"manager": manager, "fieldsV1": {"f:spec": {"f:replicas": {}}}}))
            .collect();
        let body = json!({"metadata": {"managedFields": fields}, "spec": {"replicas": replicas}});
        Object::new(Kind::Deployment, body)
    }

    fn spec(consumer: Value) -> OrderPipelineSpec {
        let spec = json!({
            "kafka": {"external": {"bootstrapServers": "b:9092"}},
            "database": {"host": "h", "credentialsSecretRef": {"name": "s"}},
            "search": {"autoscaling": {"min": 2, "max": 5}},
            "consumer": consumer,
        });
        serde_json::from_value(spec).unwrap()
    }

    fn at(live: Option<&Object>, decided: Option<i32>) -> Circumstances<'_> {
        Circumstances { live, autoscaler_exists: true, decided, max_consumers: 6 }
    }

    #[test]
    fn without_a_decision_consumers_stay_as_many_as_they_are() {
        let count = |consumer: Value, live: Option<i32>, decided: Option<i32>| {
            let live = live.map(|replicas| deployment(replicas, &[MANAGER]));
            wanted(&spec(consumer), Component::OrderConsumer, &at(live.as_ref(), decided)).count
        };
        let scaled = || json!({"scaling": {"minReplicas": 1}});
        assert_eq!(count(scaled(), None, None), 1, "a new one starts with the fewest");
        assert_eq!(count(scaled(), Some(4), None), 4);
        assert_eq!(count(scaled(), Some(4), Some(2)), 2);
        assert_eq!(count(scaled(), Some(4), Some(9)), 6, "never beyond what the database can take");
        assert_eq!(count(scaled(), Some(0), None), 1, "after a stop by hand it runs again");
        let left_alone = json!({"scaling": {"mode": "Recommend"}});
        assert_eq!(count(left_alone, Some(4), Some(2)), 4, "decided before the mode changed");
        assert_eq!(count(json!({"replicas": 3}), Some(1), Some(5)), 3, "a person's word wins");
        assert_eq!(count(json!({"replicas": 0}), Some(1), Some(5)), 0);
    }

    #[test]
    fn an_autoscaler_gets_the_number_once_it_has_written_it() {
        let spec = spec(json!({}));
        let wanted = |live: Option<&Object>, autoscaler_exists: bool| {
            let circumstances = Circumstances { autoscaler_exists, ..at(live, None) };
            let wanted = wanted(&spec, Component::SearchApi, &circumstances);
            (wanted.count, wanted.left_to_autoscaler)
        };
        assert_eq!(wanted(None, false), (2, false));
        assert_eq!(wanted(Some(&deployment(3, &[MANAGER])), true), (3, false), "what runs is kept, not reset");
        let handed_over = deployment(4, &[MANAGER, "kube-controller-manager"]);
        assert_eq!(wanted(Some(&handed_over), true), (4, true));
        assert_eq!(wanted(Some(&handed_over), false), (4, false), "without an autoscaler nobody else keeps it");
        assert_eq!(wanted(Some(&deployment(0, &["kubectl"])), true), (2, false), "an autoscaler sleeps at 0");
    }
}
