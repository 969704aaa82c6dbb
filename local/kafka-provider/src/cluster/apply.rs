//! Writes objects. Nothing is written that is as it should be.

use std::fmt::Debug;

use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::core::v1::Secret;
use kube::api::{Patch, PatchParams, PostParams};
use kube::{Api, Client, Resource, ResourceExt};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::authorities::{FORCE_RENEW, FORCE_REPLACE};

pub const MANAGER: &str = "strimzi-cluster-operator";

/// Server-side apply.
pub async fn apply<K>(client: &Client, object: &K) -> Result<K, kube::Error>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + DeserializeOwned + Serialize,
{
    let api: Api<K> = Api::namespaced(client.clone(), &object.namespace().unwrap_or_default());
    api.patch(&object.name_any(), &PatchParams::apply(MANAGER).force(), &Patch::Apply(object)).await
}

/// Creates what is not there; what is there stays as it is.
pub async fn create<K>(client: &Client, object: &K) -> Result<(), kube::Error>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + DeserializeOwned + Serialize,
{
    let api: Api<K> = Api::namespaced(client.clone(), &object.namespace().unwrap_or_default());
    match api.create(&PostParams::default(), object).await {
        Err(kube::Error::Api(status)) if status.is_already_exists() => Ok(()),
        result => result.map(drop),
    }
}

/// Makes a Secret exactly this: foreign keys go, foreign labels and annotations stay, requests that
/// were acted on go.
pub async fn write_secret(client: &Client, existing: Option<&Secret>, wanted: Secret) -> Result<(), kube::Error> {
    let api: Api<Secret> = Api::namespaced(client.clone(), &wanted.namespace().unwrap_or_default());
    let Some(existing) = existing else {
        return api.create(&PostParams::default(), &wanted).await.map(drop);
    };
    let merged = merged(existing, wanted);
    if merged == *existing {
        return Ok(());
    }
    api.replace(&merged.name_any(), &PostParams::default(), &merged).await.map(drop)
}

fn merged(existing: &Secret, wanted: Secret) -> Secret {
    let mut merged = existing.clone();
    merged.labels_mut().extend(wanted.metadata.labels.unwrap_or_default());
    let before = existing.metadata.annotations.clone();
    let annotations = wanted.metadata.annotations.unwrap_or_default();
    if before.is_some() || !annotations.is_empty() {
        let found = merged.annotations_mut();
        found.extend(annotations);
        found.retain(|key, _| ![FORCE_RENEW, FORCE_REPLACE].contains(&key.as_str()));
    }
    merged.metadata.owner_references = wanted.metadata.owner_references;
    merged.data = wanted.data;
    merged
}

/// Writes a whole status: fields that are not in it are dropped.
pub async fn write_status<K, S>(client: &Client, resource: &K, status: &S) -> Result<(), kube::Error>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + DeserializeOwned,
    S: Serialize,
{
    let api: Api<K> = Api::namespaced(client.clone(), &resource.namespace().unwrap_or_default());
    let patch = json!({
        "apiVersion": K::api_version(&()),
        "kind": K::kind(&()),
        "metadata": {"name": resource.name_any(), "uid": resource.uid()},
        "status": status,
    });
    api.patch_status(&resource.name_any(), &PatchParams::apply(MANAGER).force(), &Patch::Apply(patch)).await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::super::secrets::encoded;
    use super::*;

    #[test]
    fn foreign_keys_and_done_requests_go_and_foreign_annotations_stay() {
        let mut existing = Secret { data: Some(encoded([("x", vec![1])])), ..Secret::default() };
        existing.annotations_mut().insert(FORCE_RENEW.into(), "true".into());
        existing.annotations_mut().insert("someone/else".into(), "1".into());
        let wanted = Secret { data: Some(encoded([("ca.crt", vec![2])])), ..Secret::default() };
        let merged = merged(&existing, wanted);
        assert_eq!(merged.data.unwrap_or_default().into_keys().collect::<Vec<_>>(), ["ca.crt"]);
        assert_eq!(merged.metadata.annotations.unwrap_or_default().into_keys().collect::<Vec<_>>(), ["someone/else"]);
    }
}
