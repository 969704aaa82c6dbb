//! Certificate authorities of this checkout, and what they sign. Files: `<name>.crt` and `<name>.key`,
//! PEM, the key readable by its owner only.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};

/// A certificate authority whose files are in one folder.
pub struct Authority {
    folder: PathBuf,
    issuer: Issuer<'static, KeyPair>,
}

/// Who a certificate names.
#[derive(Clone, Debug, Default)]
pub struct Subject<'a> {
    /// CN; for Kubernetes the user.
    pub name: &'a str,
    /// O; for Kubernetes the group.
    pub organization: Option<&'a str>,
    /// DNS names and IP addresses it may serve as. Empty: a client only.
    pub serves: &'a [String],
}

impl Authority {
    /// Reads `<name>.crt` and `<name>.key` in `folder`, or makes them.
    pub fn load_or_create(folder: &Path, name: &str) -> Result<Self> {
        fs::create_dir_all(folder)?;
        let (certificate, key) = (folder.join(format!("{name}.crt")), folder.join(format!("{name}.key")));
        if !certificate.exists() || !key.exists() {
            let new = KeyPair::generate()?;
            let mut params = params(name, &[])?;
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
            write_secret(&key, &new.serialize_pem())?;
            fs::write(&certificate, params.self_signed(&new)?.pem())?;
        }
        let pair = KeyPair::from_pem(&fs::read_to_string(&key)?)?;
        let issuer = Issuer::from_ca_cert_pem(&fs::read_to_string(&certificate)?, pair)
            .with_context(|| format!("cannot read {}", certificate.display()))?;
        Ok(Self { folder: folder.to_owned(), issuer })
    }

    /// Signs a certificate into `<file>.crt` and `<file>.key`. Files that are there stay as they are.
    pub fn issue(&self, file: &str, subject: &Subject<'_>) -> Result<()> {
        let (certificate, key) = (self.folder.join(format!("{file}.crt")), self.folder.join(format!("{file}.key")));
        if certificate.exists() && key.exists() {
            return Ok(());
        }
        let pair = KeyPair::generate()?;
        let mut params = params(subject.name, subject.serves)?;
        if let Some(organization) = subject.organization {
            params.distinguished_name.push(DnType::OrganizationName, organization);
        }
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        if !subject.serves.is_empty() {
            params.extended_key_usages.push(ExtendedKeyUsagePurpose::ServerAuth);
        }
        write_secret(&key, &pair.serialize_pem())?;
        fs::write(&certificate, params.signed_by(&pair, &self.issuer)?.pem())?;
        Ok(())
    }
}

/// A key pair without a certificate: `<name>.key` and `<name>.pub`.
pub fn key_pair(folder: &Path, name: &str) -> Result<()> {
    let (private, public) = (folder.join(format!("{name}.key")), folder.join(format!("{name}.pub")));
    if !private.exists() || !public.exists() {
        let pair = KeyPair::generate()?;
        write_secret(&private, &pair.serialize_pem())?;
        fs::write(&public, pair.public_key_pem())?;
    }
    Ok(())
}

/// Writes a file that only its owner may read.
pub fn write_secret(path: &Path, content: &str) -> Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("cannot write {}", path.display()))?;
    file.write_all(content.as_bytes())?;
    Ok(())
}

fn params(name: &str, serves: &[String]) -> Result<CertificateParams> {
    let mut params = CertificateParams::new(serves)?;
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2060, 1, 1);
    Ok(params)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authority_is_made_once_and_signs_after_a_restart() -> Result<()> {
        let folder = tempfile::tempdir()?;
        Authority::load_or_create(folder.path(), "ca")?;
        let before = fs::read(folder.path().join("ca.crt"))?;
        let again = Authority::load_or_create(folder.path(), "ca")?;
        assert_eq!(before, fs::read(folder.path().join("ca.crt"))?);
        let serves = ["node.test".to_owned(), "10.1.2.3".to_owned()];
        again.issue("server", &Subject { name: "server", serves: &serves, ..Subject::default() })?;
        assert!(fs::read_to_string(folder.path().join("server.crt"))?.contains("BEGIN CERTIFICATE"));
        Ok(())
    }
}
