//! `cargo xtask up`: from a fresh machine to a confirmed order.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;
use clap::Args;
use serde_json::Value;

use crate::checkout::Checkout;
use crate::cluster::{self, Cluster, Given, Target, Until, With};
use crate::platform::{self, Place, Secrets, ports};
use crate::step::{seconds, step};
use crate::{catalogue, env_file};

/// How to go on with a cluster that `up` made.
const FURTHER_HERE: &str = "  orderctl --help\n  \
    cargo xtask status\n  \
    cargo xtask down            # stops it; data stays for the next up\n";

/// How to take the platform out of a cluster that is someone else's.
const FURTHER: &str = "  cargo run --package orderctl -- --help\n\n\
    Take it away again:\n  \
    kubectl delete opl --all -n orders && helm uninstall order-pipeline -n order-pipeline-system\n  \
    kubectl delete namespace orders order-pipeline-system database mail; kubectl delete kafka,kafkanodepool,kafkauser --all -n kafka\n";

/// What `up` is told.
#[derive(Args)]
pub struct UpArgs {
    /// Where the platform goes.
    #[arg(long, value_enum, default_value_t = Target::Local)]
    cluster: Target,

    /// How far to go on the local node.
    #[arg(long, value_enum, default_value_t = Until::Order)]
    until: Until,

    /// More for the local node, which stays there in later runs.
    #[arg(long, value_enum)]
    with: Vec<With>,

    #[command(flatten)]
    given: Given,
}

/// Runs it. Running it again continues where it stopped.
pub fn run(checkout: &Checkout, args: &UpArgs) -> Result<()> {
    let started = Instant::now();
    let _lock = checkout.lock("node")?;
    let Some(cluster) = cluster::prepare(checkout, args.cluster, args.until, &args.with, &args.given)? else {
        println!("The node is up ({}).", seconds(started.elapsed()));
        return Ok(());
    };
    let place = Place { checkout, kubectl: &cluster.kubectl, node_address: cluster.node_address };
    let secrets = Secrets::load_or_create(checkout)?;
    cluster.explain(deploy(&place, &cluster, &secrets))?;
    let variables = environment(&place, &secrets)?;
    env_file::write(&checkout.local().join("env"), &variables, &checkout.bin())?;
    let (product, order) = cluster.explain(try_out(&place, &secrets))?;
    cluster.tidy()?;
    tell(&variables, &product, &order);
    println!("{}", if args.cluster == Target::Current { FURTHER } else { FURTHER_HERE });
    println!("Up after {}.", seconds(started.elapsed()));
    Ok(())
}

/// MySQL, Kafka and mail start side by side; the operator meanwhile.
fn deploy(place: &Place<'_>, cluster: &Cluster, secrets: &Secrets) -> Result<()> {
    let namespaces = fs::read_to_string(place.checkout.path("local/platform/namespaces.yaml"))?;
    place.kubectl.apply(&namespaces)?;
    platform::apply_kafka(place)?;
    thread::scope(|scope| {
        let starts = [
            scope.spawn(|| step("start MySQL", || platform::apply_mysql(place, secrets, &cluster.mysql_image))),
            scope.spawn(|| step("start the mail catcher", || platform::apply_mail(place, &cluster.mail_image))),
            scope.spawn(|| {
                step("install the operator", || {
                    platform::install_operator(place, &cluster.images, cluster.image_prefix.as_deref())
                })
            }),
            scope.spawn(|| step("start Kafka", || platform::wait_for_kafka(place, Duration::from_secs(600)))),
        ];
        starts.map(|start| start.join().expect("a start does not panic")).into_iter().collect::<Result<()>>()
    })?;
    step("start the order pipeline", || {
        platform::apply_pipeline(place, secrets)?;
        platform::wait_for_pipeline(place, &cluster.images, Duration::from_secs(600))
    })
}

fn try_out(place: &Place<'_>, secrets: &Secrets) -> Result<(Value, Value)> {
    step(&format!("load a sample catalogue of {} products", catalogue::SIZE), || {
        platform::load_catalogue(place, secrets)
    })?;
    let product = step("search for a lamp", || platform::search(place, "lamp"))?;
    let order = step("order it and wait until the order is CONFIRMED", || platform::place_order(place, &product))?;
    Ok((product, order))
}

/// What `target/local/env` says, in its order.
fn environment(place: &Place<'_>, secrets: &Secrets) -> Result<Vec<(&'static str, String)>> {
    let at = |scheme: &str, port: u16| format!("{scheme}://{}:{port}", place.node_address);
    let mut variables = Vec::new();
    if let Some(kubeconfig) = place.kubectl.kubeconfig() {
        variables.push(("KUBECONFIG", kubeconfig.display().to_string()));
    }
    variables.extend([
        ("NAMESPACE", platform::NAMESPACE.to_owned()),
        ("PIPELINE", platform::PIPELINE.to_owned()),
        ("SEARCH_API_URL", at("http", ports::SEARCH_API)),
        ("ORDER_API_URL", at("http", ports::ORDER_API)),
        ("STOREFRONT_URL", at("http", ports::STOREFRONT)),
        ("ADMIN_TOKEN", secrets.admin_token.clone()),
        ("KAFKA_BOOTSTRAP", format!("{}:{}", place.node_address, ports::KAFKA)),
        ("KAFKA_CLIENT_PROPERTIES", platform::write_client_properties(place)?.display().to_string()),
        ("MYSQL_URL", platform::mysql_url(place, secrets)),
        ("MYSQL_CA", platform::mysql_authority(place).display().to_string()),
        ("SMTP_URL", at("smtp", ports::SMTP)),
        ("MAIL_API_URL", at("http", ports::MAIL_API)),
    ]);
    Ok(variables)
}

fn tell(variables: &[(&str, String)], product: &Value, order: &Value) {
    let variable = |name: &str| variables.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value);
    let (search, orders, mail) = (variable("SEARCH_API_URL"), variable("ORDER_API_URL"), variable("MAIL_API_URL"));
    let shop = variable("STOREFRONT_URL");
    println!(
        "\nFound {} ({} left), ordered one: order {} is {}.\n\n\
         shop      {shop}/\n\
         search    {search}/api/products?search=lamp     {search}/docs\n\
         orders    {orders}/api/orders/{}     {orders}/docs\n\
         mail      {mail}/api/user/ada@shop.example/messages\n\n\
         Look further:\n  \
         . target/local/env          # kubectl, helm, addresses and passwords for this shell\n  \
         kubectl get opl,pods -n orders\n  \
         kubectl describe opl shop -n orders",
        product["name"],
        product["available"],
        order["orderNumber"].as_str().unwrap_or_default(),
        order["status"].as_str().unwrap_or_default(),
        order["orderNumber"].as_str().unwrap_or_default(),
    );
}
