//! What a KafkaUser says of itself. Name and Secret are told only while it is ready.

use kube::ResourceExt;

use crate::api::{Condition, KafkaUser, KafkaUserStatus};

pub fn ready(user: &KafkaUser) -> KafkaUserStatus {
    let makes_secret = matches!(authentication(user), Some("scram-sha-512" | "tls"));
    KafkaUserStatus {
        conditions: vec![Condition::ready()],
        observed_generation: user.metadata.generation.unwrap_or_default(),
        username: Some(username(user)),
        secret: makes_secret.then(|| user.name_any()),
    }
}

pub fn not_ready(user: &KafkaUser, message: &str) -> KafkaUserStatus {
    alone(user, Condition::not_ready("ExecutionException", message))
}

pub fn paused(user: &KafkaUser) -> KafkaUserStatus {
    alone(user, Condition::paused())
}

/// The name in Kafka's principals, after `User:`.
pub fn username(user: &KafkaUser) -> String {
    match authentication(user) {
        Some("tls" | "tls-external") => format!("CN={}", user.name_any()),
        _ => user.name_any(),
    }
}

pub fn authentication(user: &KafkaUser) -> Option<&str> {
    user.spec.authentication.as_ref().map(|authentication| authentication.kind.as_str())
}

fn alone(user: &KafkaUser, condition: Condition) -> KafkaUserStatus {
    KafkaUserStatus {
        conditions: vec![condition],
        observed_generation: user.metadata.generation.unwrap_or_default(),
        ..KafkaUserStatus::default()
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::api::{KafkaUserSpec, UserAuthentication};

    #[rstest]
    #[case("scram-sha-512", "alice", Some("alice"))]
    #[case("tls", "CN=alice", Some("alice"))]
    #[case("tls-external", "CN=alice", None)]
    fn a_ready_user_tells_its_name_and_secret(#[case] kind: &str, #[case] name: &str, #[case] secret: Option<&str>) {
        let authentication = Some(UserAuthentication { kind: kind.into(), password: None });
        let user = KafkaUser::new("alice", KafkaUserSpec { authentication, authorization: None });
        let status = ready(&user);
        assert_eq!(status.username.as_deref(), Some(name));
        assert_eq!(status.secret.as_deref(), secret);
        assert_eq!(not_ready(&user, "why").username, None);
    }
}
