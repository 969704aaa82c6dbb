//! Tests on real servers that run as plain processes, started here and gone afterwards.

use anyhow::Result;
use local_servers::Installed;

use super::cargo::Cargo;
use super::count::Count;
use crate::checkout::Checkout;
use crate::content;
use crate::node::programs;
use crate::{page, provision, servers, strimzi};

/// Starts the servers, runs the tests that need them, then the scenarios, which have servers of their own.
pub fn run(checkout: &Checkout, cargo: &Cargo<'_>) -> Result<Count> {
    provision::servers(checkout)?;
    if ["order-pipeline-operator", "kafka-provider"].iter().any(|package| cargo.wants(package)) {
        // kube-apiserver and etcd, and what the API server must know.
        programs::build(checkout)?;
        strimzi::generate_crds(checkout)?;
    }
    let installed = Installed::at(checkout.local())?;
    let folder = checkout.local().join("test");
    content::remove(&folder)?;
    let mut count = Count::default();
    if !cargo.wants_only("e2e") {
        let (mut mysql, mut kafka, mail) = servers::start(&installed, &folder)?;
        let variables = servers::variables(&installed, &mysql, &kafka, &mail);
        count += cargo.needing_servers(&variables)?;
        kafka.stop()?;
        mysql.stop()?;
    }
    if cargo.wants("e2e") {
        cargo.build_programs()?;
        count += cargo.scenarios("processes", || {
            let mut run = cargo.cargo();
            run.env("LOCAL_SERVERS", installed.folder());
            run
        })?;
    }
    if cargo.wants("e2e") || cargo.wants("storefront") {
        page::build(checkout)?;
        provision::browser(checkout)?;
        cargo.build_programs()?;
        count += cargo.scenarios("browser", || {
            let mut run = cargo.cargo();
            run.env("LOCAL_SERVERS", installed.folder());
            run
        })?;
    }
    Ok(count)
}
