//! From the pods that should be and those that are to the one next step. One pod is away at a time.

use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;

use super::certificates::SIGNED_BY_GENERATION;
use super::pod::{CLIENTS_GENERATION, REVISION, SERVER_CERTIFICATE, TRUST_GENERATION, TRUST_HASH};

#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    Create(Vec<Pod>),
    /// The reasons are those of Strimzi's events.
    Delete {
        pod: String,
        reasons: Vec<&'static str>,
    },
    Wait(String),
    Done,
}

/// On a pod: delete it, and so make it anew.
const MANUAL: &str = "strimzi.io/manual-rolling-update";

pub fn next(desired: &[Pod], found: &[Pod]) -> Step {
    let named = |name: &str| found.iter().find(|pod| pod.name_any() == name);
    if let Some(leaving) = found.iter().find(|pod| pod.metadata.deletion_timestamp.is_some()) {
        return Step::Wait(format!("{} stops", leaving.name_any()));
    }
    let missing: Vec<Pod> = desired.iter().filter(|pod| named(&pod.name_any()).is_none()).cloned().collect();
    if !missing.is_empty() {
        // All at once: a quorum of controllers needs most of them to start.
        return Step::Create(missing);
    }
    let pairs = || desired.iter().filter_map(|wanted| Some((wanted, named(&wanted.name_any())?)));
    let outdated: Vec<(&Pod, Vec<&'static str>)> =
        pairs().map(|(wanted, pod)| (pod, reasons(wanted, pod))).filter(|(_, reasons)| !reasons.is_empty()).collect();
    // A pod that does not run anyway goes first: it may not start before it is made anew.
    if let Some((pod, reasons)) = outdated.iter().find(|(pod, _)| !is_ready(pod)) {
        return Step::Delete { pod: pod.name_any(), reasons: reasons.clone() };
    }
    if let Some((_, waiting)) = pairs().find(|(_, pod)| !is_ready(pod)) {
        return Step::Wait(format!("{} is not ready", waiting.name_any()));
    }
    if let Some((pod, reasons)) = outdated.into_iter().next() {
        return Step::Delete { pod: pod.name_any(), reasons };
    }
    let surplus = found.iter().find(|pod| desired.iter().all(|wanted| wanted.name_any() != pod.name_any()));
    match surplus {
        Some(pod) => Step::Delete { pod: pod.name_any(), reasons: Vec::new() },
        None => Step::Done,
    }
}

pub fn is_ready(pod: &Pod) -> bool {
    let conditions = pod.status.iter().flat_map(|status| status.conditions.iter().flatten());
    conditions.into_iter().any(|condition| condition.type_ == "Ready" && condition.status == "True")
}

/// Why a pod must be made anew; empty when it must not.
fn reasons(wanted: &Pod, found: &Pod) -> Vec<&'static str> {
    let differs = |annotation: &str| wanted.annotations().get(annotation) != found.annotations().get(annotation);
    let mut reasons = Vec::new();
    if differs(TRUST_GENERATION) {
        reasons.push("ClusterCaCertKeyReplaced");
    } else if differs(SIGNED_BY_GENERATION) || differs(CLIENTS_GENERATION) {
        reasons.extend(["CaCertRenewed", "CaCertHasOldGeneration"]);
    } else if differs(TRUST_HASH) && !differs(SERVER_CERTIFICATE) {
        reasons.push("CaCertRemoved");
    }
    if differs(SERVER_CERTIFICATE) {
        reasons.push("KafkaCertificatesChanged");
    }
    if differs(REVISION) {
        reasons.push("PodHasOldRevision");
    }
    if found.annotations().get(MANUAL).is_some_and(|value| value == "true") {
        reasons.push("ManualRollingUpdate");
    }
    reasons
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::core::v1::{PodCondition, PodStatus};

    use super::*;

    fn pod(name: &str, revision: &str, ready: bool) -> Pod {
        let mut pod = Pod::default();
        pod.metadata.name = Some(name.to_owned());
        pod.annotations_mut().insert(REVISION.into(), revision.into());
        let status = if ready { "True" } else { "False" };
        let condition = PodCondition { type_: "Ready".into(), status: status.into(), ..PodCondition::default() };
        pod.status = Some(PodStatus { conditions: Some(vec![condition]), ..PodStatus::default() });
        pod
    }

    fn delete(name: &str) -> Step {
        Step::Delete { pod: name.into(), reasons: vec!["PodHasOldRevision"] }
    }

    #[test]
    fn all_missing_pods_are_made_at_once() {
        let desired = [pod("a-0", "1", true), pod("a-1", "1", true)];
        assert!(matches!(next(&desired, &[]), Step::Create(pods) if pods.len() == 2));
    }

    #[test]
    fn one_after_the_other_each_when_the_rest_is_ready() {
        let desired = [pod("a-0", "2", true), pod("a-1", "2", true), pod("a-2", "2", true)];
        let old = [pod("a-0", "1", true), pod("a-1", "1", true), pod("a-2", "1", true)];
        assert_eq!(next(&desired, &old), delete("a-0"));
        let first_back = [pod("a-0", "2", false), pod("a-1", "1", true), pod("a-2", "1", true)];
        assert!(matches!(next(&desired, &first_back), Step::Wait(_)));
        let first_done = [pod("a-0", "2", true), pod("a-1", "1", true), pod("a-2", "1", true)];
        assert_eq!(next(&desired, &first_done), delete("a-1"));
        assert_eq!(next(&desired, &desired), Step::Done);
    }

    #[test]
    fn an_outdated_pod_that_fails_to_start_is_replaced_first() {
        let desired = [pod("a-0", "2", true), pod("a-1", "2", true)];
        let found = [pod("a-0", "1", true), pod("a-1", "1", false)];
        assert_eq!(next(&desired, &found), delete("a-1"));
    }

    #[test]
    fn surplus_pods_go_last() {
        let desired = [pod("a-0", "1", true)];
        let found = [pod("a-0", "1", true), pod("a-1", "1", true)];
        assert_eq!(next(&desired, &found), Step::Delete { pod: "a-1".into(), reasons: vec![] });
    }

    #[test]
    fn reasons_name_what_changed() {
        let mut wanted = pod("a-0", "2", true);
        let found = pod("a-0", "1", true);
        wanted.annotations_mut().insert(TRUST_GENERATION.into(), "1".into());
        assert_eq!(reasons(&wanted, &found), ["ClusterCaCertKeyReplaced", "PodHasOldRevision"]);
    }
}
