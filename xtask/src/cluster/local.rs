//! The local node with everything in it that the platform stands on. Go, Rust and downloads overlap.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::ValueEnum;

use super::Cluster;
use crate::checkout::Checkout;
use crate::images::{self, COMPONENTS, Image, Recipe};
use crate::kubectl::Kubectl;
use crate::node::{self, Node, programs};
use crate::step::step;
use crate::{provision, strimzi};

/// How far `up` goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Until {
    /// A Ready node with names and storage.
    Node,
    /// A platform with an order confirmed.
    Order,
}

/// What the node has only when it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum With {
    /// Use of CPU and memory, for HorizontalPodAutoscalers and `kubectl top`. It stays until `down --purge`.
    MetricsServer,
}

/// The namespace of the Kafka provider.
const PROVIDER_NAMESPACE: &str = "kafka";

/// Brings up the node, builds all images, and hands them to it.
pub fn prepare(checkout: &Checkout, until: Until, with: &[With]) -> Result<Option<Cluster>> {
    anyhow::ensure!(
        nix::unistd::geteuid().is_root(),
        "the local node needs root for namespaces and mounts: run this as root, or use --cluster current"
    );
    provision::node_packages(checkout)?;
    if until == Until::Node {
        let (node, _) = start_node(checkout)?;
        add(&node, with)?;
        return Ok(None);
    }
    provision::build_packages(checkout)?;
    let (node, node_images, servers) = thread::scope(|scope| {
        let node = scope.spawn(|| start_node(checkout));
        let servers = scope.spawn(|| server_images(checkout));
        let programs = images::compile_components(checkout, &["kafka-provider", "orderctl"]);
        let node = node.join().expect("starting the node does not panic");
        let servers = servers.join().expect("building images does not panic");
        programs.and(node.and_then(|(node, images)| Ok((node, images, servers?))))
    })?;
    put_in_path(checkout, "orderctl")?;
    let mut own = BTreeMap::new();
    for (component, binary) in COMPONENTS {
        own.insert((*component).to_owned(), images::build_components(checkout, &servers.base, component, binary)?);
    }
    let provider = images::build(
        checkout,
        &Recipe {
            name: "kafka-provider",
            containerfile: checkout.path("local/kafka-provider/Containerfile"),
            context: checkout.path("target/image"),
            inputs: vec!["kafka-provider".into()],
            version: String::new(),
            base: Some(&servers.base),
        },
    )?;
    let mut all: Vec<Image> = own.values().cloned().collect();
    all.extend([servers.mysql.clone(), servers.kafka.clone(), servers.mail.clone(), provider.clone()]);
    images::import(&node, &all)?;
    all.extend(add(&node, with)?);
    all.extend(node_images);
    all.push(servers.base);
    let kubectl = Kubectl::local(checkout);
    install_kafka_provider(checkout, &kubectl, &provider, &servers.kafka)?;
    Ok(Some(Cluster {
        kubectl,
        node_address: node.addresses().node.into(),
        images: own.into_iter().map(|(component, image)| (component, image.reference().to_owned())).collect(),
        image_prefix: None,
        mysql_image: servers.mysql.reference().to_owned(),
        mail_image: servers.mail.reference().to_owned(),
        node: Some((node, all)),
    }))
}

/// Gives one of our compiled programs to shells that source `target/local/env`.
fn put_in_path(checkout: &Checkout, program: &str) -> Result<()> {
    let (built, link) = (checkout.path("target/image").join(program), checkout.bin().join(program));
    let _ = fs::remove_file(&link);
    std::os::unix::fs::symlink(&built, &link).with_context(|| format!("cannot link {}", link.display()))
}

/// Builds and starts what was asked for. Gives back its images.
fn add(node: &Node, with: &[With]) -> Result<Vec<Image>> {
    let mut made = Vec::new();
    for With::MetricsServer in with {
        programs::build_one(node.checkout(), programs::METRICS_SERVER)?;
        let image = program_image(node.checkout(), "metrics-server")?;
        images::import(node, std::slice::from_ref(&image))?;
        node::addons::apply_metrics_server(node, &image)?;
        made.push(image);
    }
    Ok(made)
}

/// The image of one static program of the node.
fn program_image(checkout: &Checkout, name: &str) -> Result<Image> {
    images::build(
        checkout,
        &Recipe {
            name,
            containerfile: checkout.path("local/images").join(name).join("Containerfile"),
            context: checkout.bin(),
            inputs: vec![name.into()],
            version: String::new(),
            base: None,
        },
    )
}

/// The node and the images that it needs itself.
fn start_node(checkout: &Checkout) -> Result<(Node, [Image; 2])> {
    programs::build(checkout)?;
    let (pause, coredns) = (program_image(checkout, "pause")?, program_image(checkout, "coredns")?);
    let node = Node::of(checkout)?;
    node::start(&node, &pause)?;
    images::import(&node, std::slice::from_ref(&coredns))?;
    node::addons::apply(&node, &coredns)?;
    Ok((node, [pause, coredns]))
}

/// Images of what is not ours.
struct Servers {
    base: Image,
    mysql: Image,
    kafka: Image,
    mail: Image,
}

fn server_images(checkout: &Checkout) -> Result<Servers> {
    provision::servers(checkout)?;
    strimzi::generate_crds(checkout)?;
    let base = images::build_base(checkout)?;
    let local = checkout.local();
    let mysql = images::build(
        checkout,
        &Recipe {
            name: "mysql",
            containerfile: checkout.path("local/mysql/Containerfile"),
            context: local.join("mysql"),
            inputs: vec!["entrypoint".into()],
            version: provision::mysql::version().to_owned(),
            base: None,
        },
    )?;
    let kafka = images::build(
        checkout,
        &Recipe {
            name: "kafka",
            containerfile: checkout.path("local/kafka/Containerfile"),
            context: local.join("kafka"),
            inputs: Vec::new(),
            version: stamps(&local, &["kafka/libs.stamp", "kafka/jre.stamp"])?,
            base: Some(&base),
        },
    )?;
    let mail = images::build(
        checkout,
        &Recipe {
            name: "mail",
            containerfile: checkout.path("local/mail/Containerfile"),
            context: local.clone(),
            inputs: Vec::new(),
            version: stamps(&local, &["mail/libs.stamp", "kafka/jre.stamp"])?,
            base: Some(&base),
        },
    )?;
    Ok(Servers { base, mysql, kafka, mail })
}

/// What provisioning wrote down about folders that are too large to be hashed.
fn stamps(local: &Path, files: &[&str]) -> Result<String> {
    files
        .iter()
        .map(|file| fs::read_to_string(local.join(file)).with_context(|| format!("target/local/{file} is missing")))
        .collect()
}

/// Strimzi's operator images cannot be had without a registry: the provider fulfils its resources here.
fn install_kafka_provider(checkout: &Checkout, kubectl: &Kubectl, provider: &Image, kafka: &Image) -> Result<()> {
    step("install Strimzi's CRDs and the Kafka provider", || {
        let mut files = yaml_files(&strimzi::generate_crds(checkout)?)?;
        files.push(checkout.path("local/platform/namespaces.yaml"));
        files.extend(yaml_files(&checkout.path("local/kafka-provider/deploy"))?);
        let manifests: Vec<String> = files.iter().map(fs::read_to_string).collect::<Result<_, _>>()?;
        let manifests = manifests
            .join("\n---\n")
            .replace("${KAFKA_PROVIDER_IMAGE}", provider.reference())
            .replace("${KAFKA_IMAGE}", kafka.reference());
        kubectl.apply(&manifests)?;
        kubectl.rollout(PROVIDER_NAMESPACE, "deployment/kafka-provider", Duration::from_secs(600))
    })
}

fn yaml_files(folder: &Path) -> Result<Vec<std::path::PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut files: Vec<_> = entries.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "yaml"));
    files.sort();
    Ok(files)
}
