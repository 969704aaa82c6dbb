//! Reading and building Secrets.

use std::collections::BTreeMap;

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

/// A key of a Secret as text.
pub fn text(secret: &Secret, key: &str) -> Option<String> {
    let bytes = secret.data.as_ref()?.get(key)?;
    String::from_utf8(bytes.0.clone()).ok()
}

/// The `data` of a Secret.
pub fn encoded<'a>(pairs: impl IntoIterator<Item = (&'a str, Vec<u8>)>) -> BTreeMap<String, ByteString> {
    pairs.into_iter().map(|(key, value)| (key.to_owned(), ByteString(value))).collect()
}

pub fn opaque(metadata: ObjectMeta, data: BTreeMap<String, ByteString>) -> Secret {
    Secret { metadata, data: Some(data), type_: Some("Opaque".to_owned()), ..Secret::default() }
}

/// A number in an annotation; 0 when it is not there.
pub fn generation(metadata: &ObjectMeta, annotation: &str) -> u32 {
    let annotations = metadata.annotations.as_ref();
    annotations.and_then(|found| found.get(annotation)).and_then(|value| value.parse().ok()).unwrap_or(0)
}
