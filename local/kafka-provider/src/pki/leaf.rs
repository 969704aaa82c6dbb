//! Certificates of brokers, operators and users.

use std::net::IpAddr;
use std::time::SystemTime;

use jiff::{SignedDuration, Timestamp};
use rcgen::{CertificateParams, DistinguishedName, DnType, IsCa, KeyPair, KeyUsagePurpose, SanType, SerialNumber};
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::{Authority, PkiError};

/// What a certificate says of its holder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Leaf {
    pub common_name: String,
    /// Users have none.
    pub organization: Option<String>,
    /// DNS names and IP addresses.
    pub names: Vec<String>,
}

/// A certificate with its key, both in PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issued {
    /// The holder's certificate alone.
    pub certificate: String,
    /// PKCS#8.
    pub key: String,
}

impl Leaf {
    /// Makes a key and has it certified by `authority` for `days`.
    pub fn issue(&self, authority: &Authority, days: u32, now: Timestamp) -> Result<Issued, PkiError> {
        let key = KeyPair::generate()?;
        let mut params = base(self.organization.as_deref(), &self.common_name, days, now);
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment];
        for name in &self.names {
            params.subject_alt_names.push(match name.parse::<IpAddr>() {
                Ok(address) => SanType::IpAddress(address),
                Err(_) => SanType::DnsName(name.clone().try_into()?),
            });
        }
        let certificate = params.signed_by(&key, &authority.issuer()?)?;
        Ok(Issued { certificate: certificate.pem(), key: key.serialize_pem() })
    }
}

/// Subject (`O` before `CN`, as Strimzi orders them, so that Kafka reads `CN=…,O=…`), a random serial
/// number and the time of validity.
pub(super) fn base(organization: Option<&str>, common_name: &str, days: u32, now: Timestamp) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    if let Some(organization) = organization {
        params.distinguished_name.push(DnType::OrganizationName, organization);
    }
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.serial_number = Some(SerialNumber::from_slice(&rand::random::<[u8; 16]>()));
    params.not_before = SystemTime::from(now).into();
    params.not_after = SystemTime::from(now + SignedDuration::from_hours(i64::from(days) * 24)).into();
    params
}

/// True when the first certificate of `pem` names exactly `names` and is not within `renewal_days` of
/// its end.
pub fn is_current(pem: &str, names: &[String], renewal_days: u32, now: Timestamp) -> bool {
    let Ok(end) = not_after(pem) else { return false };
    if end < now + SignedDuration::from_hours(i64::from(renewal_days) * 24) {
        return false;
    }
    let mut wanted = names.to_vec();
    wanted.sort();
    alternative_names(pem).is_some_and(|mut found| {
        found.sort();
        found == wanted
    })
}

/// When the first certificate of `pem` ends.
pub fn not_after(pem: &str) -> Result<Timestamp, PkiError> {
    let der = first_der(pem)?;
    let (_, certificate) = X509Certificate::from_der(&der).map_err(|error| PkiError::Pem(error.to_string()))?;
    let seconds = certificate.validity().not_after.timestamp();
    Timestamp::from_second(seconds).map_err(|error| PkiError::Pem(error.to_string()))
}

fn alternative_names(pem: &str) -> Option<Vec<String>> {
    let der = first_der(pem).ok()?;
    let (_, certificate) = X509Certificate::from_der(&der).ok()?;
    let extension = certificate.subject_alternative_name().ok()?;
    let names = extension.map(|extension| extension.value.general_names.clone()).unwrap_or_default();
    names
        .into_iter()
        .map(|name| match name {
            GeneralName::DNSName(name) => Some(name.to_owned()),
            GeneralName::IPAddress(bytes) => match bytes.len() {
                4 => <[u8; 4]>::try_from(bytes).ok().map(|bytes| IpAddr::from(bytes).to_string()),
                _ => <[u8; 16]>::try_from(bytes).ok().map(|bytes| IpAddr::from(bytes).to_string()),
            },
            _ => None,
        })
        .collect()
}

pub(super) fn first_der(pem: &str) -> Result<Vec<u8>, PkiError> {
    let (_, pem) =
        x509_parser::pem::parse_x509_pem(pem.as_bytes()).map_err(|error| PkiError::Pem(error.to_string()))?;
    Ok(pem.contents)
}

#[cfg(test)]
mod tests {
    use super::super::Policy;
    use super::*;

    fn now() -> Timestamp {
        "2026-11-22T17:17:03Z".parse().expect("a time")
    }

    #[test]
    fn holds_names_addresses_and_its_validity() {
        let authority = Authority::generate("cluster-ca", 0, Policy::default(), now()).expect("a CA");
        let names = vec!["kafka.example.svc".to_owned(), "10.0.0.1".to_owned()];
        let leaf =
            Leaf { common_name: "lab-kafka".into(), organization: Some("io.strimzi".into()), names: names.clone() };
        let issued = leaf.issue(&authority, 365, now()).expect("issued");

        assert!(is_current(&issued.certificate, &names, 30, now()));
        assert!(!is_current(&issued.certificate, &names[..1], 30, now()), "another set of names");
        let late = now() + SignedDuration::from_hours(24 * 340);
        assert!(!is_current(&issued.certificate, &names, 30, late), "within the renewal time");
        assert_eq!(not_after(&issued.certificate).expect("an end"), now() + SignedDuration::from_hours(24 * 365));
    }

    #[test]
    fn the_subject_is_ordered_as_kafka_reads_it() {
        let authority = Authority::generate("cluster-ca", 0, Policy::default(), now()).expect("a CA");
        let leaf = Leaf { common_name: "lab-kafka".into(), organization: Some("io.strimzi".into()), names: vec![] };
        let der = first_der(&leaf.issue(&authority, 1, now()).expect("issued").certificate).expect("PEM");
        let (_, certificate) = X509Certificate::from_der(&der).expect("DER");
        assert_eq!(certificate.subject().to_string(), "O=io.strimzi, CN=lab-kafka");
        assert_eq!(certificate.issuer().to_string(), "O=io.strimzi, CN=cluster-ca v0");
    }
}
