//! The platform on a cluster: MySQL, Kafka, a mail catcher, our operator and one OrderPipeline.

mod kafka;
mod mail;
mod mysql;
mod pipeline;
mod sample;
mod secrets;

use std::fs;
use std::net::IpAddr;

use anyhow::{Context, Result, bail};

pub use kafka::{apply as apply_kafka, wait as wait_for_kafka, write_client_properties};
pub use mail::apply as apply_mail;
pub use mysql::{apply as apply_mysql, authority as mysql_authority, url as mysql_url};
pub use pipeline::{NAME as PIPELINE, NAMESPACE, apply as apply_pipeline, install_operator, wait as wait_for_pipeline};
pub use sample::{load_catalogue, place_order, search};
pub use secrets::Secrets;

use crate::checkout::Checkout;
use crate::kubectl::Kubectl;

/// Where the platform is put.
pub struct Place<'a> {
    pub checkout: &'a Checkout,
    pub kubectl: &'a Kubectl,
    /// The address at which the cluster's NodePorts are reached from here.
    pub node_address: IpAddr,
}

impl Place<'_> {
    /// Applies a file of local/platform with every `${NAME}` replaced.
    pub fn apply(&self, file: &str, values: &[(&str, &str)]) -> Result<()> {
        let path = self.checkout.path("local/platform").join(file);
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        self.kubectl.apply(&fill(&text, values)?)
    }

    /// One key of a Secret, as text.
    fn secret(&self, namespace: &str, name: &str, key: &str) -> Result<String> {
        use base64::Engine as _;
        let text = self.kubectl.run(["--namespace", namespace, "get", "secret", name, "--output=json"])?;
        let secret: serde_json::Value = serde_json::from_str(&text)?;
        let value = secret["data"][key].as_str().with_context(|| format!("Secret {namespace}/{name} has no {key}"))?;
        Ok(String::from_utf8(base64::engine::general_purpose::STANDARD.decode(value)?)?)
    }
}

/// NodePorts of local/platform/*.yaml.
pub mod ports {
    pub const SEARCH_API: u16 = 30080;
    pub const ORDER_API: u16 = 30081;
    pub const STOREFRONT: u16 = 30082;
    pub const MYSQL: u16 = 30306;
    pub const KAFKA: u16 = 30094;
    pub const SMTP: u16 = 30025;
    pub const MAIL_API: u16 = 30026;
}

fn fill(text: &str, values: &[(&str, &str)]) -> Result<String> {
    let filled =
        values.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("${{{name}}}"), value));
    if let Some((_, rest)) = filled.split_once("${") {
        bail!("no value for ${{{}}}", rest.split('}').next().unwrap_or_default());
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_without_value_is_told() {
        assert_eq!(fill("image: ${IMAGE}", &[("IMAGE", "x:1")]).expect("filled"), "image: x:1");
        assert!(fill("${OTHER}", &[]).is_err_and(|error| error.to_string().contains("OTHER")));
    }
}
