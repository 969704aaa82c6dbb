//! One certificate authority: made, renewed with the same key, or replaced with a new one.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use rcgen::{BasicConstraints, IsCa, Issuer, KeyPair, KeyUsagePurpose};

use super::leaf::{base, not_after};
use super::{PkiError, random_password};

/// How long certificates live, and how long before their end they are renewed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    pub validity_days: u32,
    pub renewal_days: u32,
}

impl Default for Policy {
    /// Strimzi's defaults.
    fn default() -> Self {
        Self { validity_days: 365, renewal_days: 30 }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authority {
    /// `cluster-ca` or `clients-ca`.
    pub name: String,
    /// PEM.
    pub certificate: String,
    /// PKCS#8 in PEM.
    pub key: String,
    pub certificate_generation: u32,
    pub key_generation: u32,
    /// Of the trust store.
    pub password: String,
    /// Certificates of replaced keys that are still trusted, by the name of their key in the Secret
    /// (`ca-2027-11-22T17-43-55Z.crt`).
    pub old: BTreeMap<String, String>,
}

impl Authority {
    pub fn generate(name: &str, key_generation: u32, policy: Policy, now: Timestamp) -> Result<Self, PkiError> {
        let key = KeyPair::generate()?;
        let certificate = self_signed(name, key_generation, &key, policy, now)?;
        Ok(Self {
            name: name.to_owned(),
            certificate,
            key: key.serialize_pem(),
            certificate_generation: 0,
            key_generation,
            password: random_password(12),
            old: BTreeMap::new(),
        })
    }

    /// A new certificate for the same key and subject.
    pub fn renewed(&self, policy: Policy, now: Timestamp) -> Result<Self, PkiError> {
        let key = KeyPair::from_pem(&self.key)?;
        Ok(Self {
            certificate: self_signed(&self.name, self.key_generation, &key, policy, now)?,
            certificate_generation: self.certificate_generation + 1,
            password: random_password(12),
            ..self.clone()
        })
    }

    /// A new key. The old certificate stays trusted until it is dropped from `old`.
    pub fn replaced(&self, policy: Policy, now: Timestamp) -> Result<Self, PkiError> {
        let mut old = self.old.clone();
        let end = not_after(&self.certificate)?.strftime("%Y-%m-%dT%H-%M-%SZ");
        old.insert(format!("ca-{end}.crt"), self.certificate.clone());
        let fresh = Self::generate(&self.name, self.key_generation + 1, policy, now)?;
        Ok(Self {
            certificate_generation: self.certificate_generation + 1,
            password: self.password.clone(),
            old,
            ..fresh
        })
    }

    pub fn must_renew(&self, policy: Policy, now: Timestamp) -> bool {
        not_after(&self.certificate)
            .is_ok_and(|end| end < now + SignedDuration::from_hours(i64::from(policy.renewal_days) * 24))
    }

    /// All certificates that are trusted now, the newest first.
    pub fn bundle(&self) -> String {
        let mut bundle = self.certificate.clone();
        for old in self.old.values().rev() {
            bundle.push_str(old);
        }
        bundle
    }

    pub(super) fn issuer(&self) -> Result<Issuer<'static, KeyPair>, PkiError> {
        Ok(Issuer::from_ca_cert_pem(&self.certificate, KeyPair::from_pem(&self.key)?)?)
    }
}

fn self_signed(name: &str, generation: u32, key: &KeyPair, policy: Policy, now: Timestamp) -> Result<String, PkiError> {
    let mut params = base(Some("io.strimzi"), &format!("{name} v{generation}"), policy.validity_days, now);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(params.self_signed(key)?.pem())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-11-22T17:17:03Z".parse().expect("a time")
    }

    #[test]
    fn a_renewal_keeps_the_key_and_changes_the_password() {
        let policy = Policy::default();
        let first = Authority::generate("cluster-ca", 0, policy, now()).expect("a CA");
        let second = first.renewed(policy, now()).expect("renewed");
        assert_eq!((second.certificate_generation, second.key_generation), (1, 0));
        assert_eq!(first.key, second.key);
        assert_ne!(first.certificate, second.certificate);
        assert_ne!(first.password, second.password);
        assert_eq!(second.bundle().matches("BEGIN CERTIFICATE").count(), 1);
    }

    #[test]
    fn a_new_key_keeps_the_old_certificate_trusted_and_the_password() {
        let policy = Policy::default();
        let first = Authority::generate("clients-ca", 0, policy, now()).expect("a CA");
        let second = first.replaced(policy, now()).expect("replaced");
        assert_eq!((second.certificate_generation, second.key_generation), (1, 1));
        assert_eq!(second.old.keys().collect::<Vec<_>>(), ["ca-2027-11-22T17-17-03Z.crt"]);
        assert_eq!(first.password, second.password);
        assert_eq!(second.bundle().matches("BEGIN CERTIFICATE").count(), 2);
    }

    #[test]
    fn renews_before_the_end() {
        let policy = Policy::default();
        let authority = Authority::generate("cluster-ca", 0, policy, now()).expect("a CA");
        assert!(!authority.must_renew(policy, now()));
        assert!(authority.must_renew(policy, now() + SignedDuration::from_hours(24 * 336)));
    }
}
