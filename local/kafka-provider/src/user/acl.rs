//! From the rules of a KafkaUser to Kafka's entries: one for each operation.

use super::error::UserError;
use crate::api::{Acl, KafkaUserSpec};
use crate::broker::Binding;

/// The entries that `principal` (such as `User:alice`) is to have, sorted.
pub fn bindings(spec: &KafkaUserSpec, principal: &str) -> Result<Vec<Binding>, UserError> {
    let rules = spec.authorization.iter().flat_map(|authorization| &authorization.acls);
    let mut bindings = Vec::new();
    for rule in rules {
        for operation in &rule.operations {
            bindings.push(binding(rule, operation, principal)?);
        }
    }
    bindings.sort();
    bindings.dedup();
    Ok(bindings)
}

fn binding(rule: &Acl, operation: &str, principal: &str) -> Result<Binding, UserError> {
    let resource = &rule.resource;
    let resource_type = number(&RESOURCES, &resource.kind)?;
    let resource_name = match (resource.kind.as_str(), &resource.name) {
        ("cluster", _) => "kafka-cluster".to_owned(),
        (_, Some(name)) => name.clone(),
        (kind, None) => return Err(nameless(kind)),
    };
    Ok(Binding {
        resource_type,
        resource_name,
        pattern_type: if resource.pattern_type.as_deref() == Some("prefix") { PREFIXED } else { LITERAL },
        principal: principal.to_owned(),
        host: rule.host.clone().unwrap_or_else(|| "*".to_owned()),
        operation: number(&OPERATIONS, operation)?,
        permission: if rule.kind.as_deref() == Some("deny") { DENY } else { ALLOW },
    })
}

fn nameless(kind: &str) -> UserError {
    let kind = if kind == "transactionalId" { "TRANSACTIONAL_ID".to_owned() } else { kind.to_uppercase() };
    UserError::Refused(format!(
        "java.util.concurrent.CompletionException: java.lang.IllegalArgumentException: \
         Name is required for resource type: {kind}"
    ))
}

/// The CRD lets no other word through.
fn number(words: &[(&str, i8)], word: &str) -> Result<i8, UserError> {
    let found = words.iter().find(|(known, _)| *known == word);
    found.map(|(_, number)| *number).ok_or_else(|| UserError::invalid_resource(format!("unknown: {word}")))
}

const LITERAL: i8 = 3;
const PREFIXED: i8 = 4;
const DENY: i8 = 2;
const ALLOW: i8 = 3;

/// org.apache.kafka.common.resource.ResourceType.
const RESOURCES: [(&str, i8); 4] = [("topic", 2), ("group", 3), ("cluster", 4), ("transactionalId", 5)];

/// org.apache.kafka.common.acl.AclOperation.
const OPERATIONS: [(&str, i8); 11] = [
    ("All", 2),
    ("Read", 3),
    ("Write", 4),
    ("Create", 5),
    ("Delete", 6),
    ("Alter", 7),
    ("Describe", 8),
    ("ClusterAction", 9),
    ("DescribeConfigs", 10),
    ("AlterConfigs", 11),
    ("IdempotentWrite", 12),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::KafkaUserSpec;

    fn spec(acls: serde_json::Value) -> KafkaUserSpec {
        serde_json::from_value(serde_json::json!({"authorization": {"type": "simple", "acls": acls}})).expect("a spec")
    }

    #[test]
    fn one_entry_for_each_operation() {
        let spec = spec(serde_json::json!([
            {"resource": {"type": "topic", "name": "orders", "patternType": "literal"}, "operations": ["Read", "Write"]},
            {"resource": {"type": "group", "name": "a-", "patternType": "prefix"}, "operations": ["Read"], "host": "10.0.0.1"},
            {"type": "deny", "resource": {"type": "cluster"}, "operations": ["Alter"]},
        ]));
        insta::assert_yaml_snapshot!(
            bindings(&spec, "User:CN=bob")
                .expect("bindings")
                .iter()
                .map(|binding| format!("{binding:?}"))
                .collect::<Vec<_>>()
        );
    }

    #[test]
    fn a_rule_without_name_is_refused_in_strimzis_words() {
        let spec = spec(serde_json::json!([{"resource": {"type": "topic"}, "operations": ["Read"]}]));
        let error = bindings(&spec, "User:a").expect_err("refused");
        let message = error.refusal().expect("a refusal");
        assert!(message.ends_with("IllegalArgumentException: Name is required for resource type: TOPIC"), "{message}");
    }
}
