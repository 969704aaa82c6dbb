//! A Kubernetes node of one machine, made of programs that package registries give.
//!
//! The node lives in a network namespace and a mount namespace of its own. One veth pair joins it to the
//! host; that pair and its /30 network are all that the host's network sees of it. Everything is named
//! after the checkout, so that two checkouts on a machine do not meet:
//!
//! | what | where |
//! | --- | --- |
//! | namespaces, sockets, process ids | `/run/order-pipeline-<id>` |
//! | etcd, images, volumes, keys | `target/local/node` |
//! | logs | `target/local/log/node` |
//! | the host's end of the link | `op-<id>` |
//! | control groups | `/order-pipeline-<id>` |

pub mod addons;
mod addresses;
mod control_plane;
mod credentials;
mod daemon;
pub mod programs;
mod sandbox;
mod start;
mod stop;
mod worker;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

pub use addresses::Addresses;
pub use daemon::Daemon;
pub use start::start;
pub use stop::stop;

use crate::checkout::Checkout;
use crate::step::output;

/// The name of the one node, as Kubernetes knows it.
pub const NAME: &str = "local";

/// The programs of a running node, in the order of their start.
pub const PROGRAMS: &[&str] = &[
    "containerd",
    "etcd",
    "kube-apiserver",
    "controller-manager",
    "scheduler",
    "volume-provisioner",
    "kube-proxy",
    "kubelet",
];

/// The process id of one of [`PROGRAMS`] while it runs.
pub fn running(node: &Node, program: &str) -> Option<i32> {
    daemon::Record::read(node, program).filter(daemon::Record::is_alive).map(|record| record.pid)
}

/// What to know of a node when work on it fails: which of its programs have ended, and where their logs are.
pub fn ended(node: &Node) -> Option<String> {
    let ended: Vec<_> = PROGRAMS.iter().filter(|name| running(node, name).is_none()).copied().collect();
    (!ended.is_empty())
        .then(|| format!("of the node, {} no longer runs; logs: {}", ended.join(", "), node.log().display()))
}

/// Where the node of one checkout keeps what it has, and its addresses.
#[derive(Clone, Debug)]
pub struct Node {
    checkout: Checkout,
    addresses: Addresses,
}

impl Node {
    /// The node of this checkout with the addresses that it has had, or else those it would take now.
    pub fn of(checkout: &Checkout) -> Result<Self> {
        let file = addresses_file(checkout);
        let addresses = if let Ok(text) = fs::read(&file) {
            serde_json::from_slice(&text).with_context(|| format!("cannot read {}", file.display()))?
        } else {
            let seed = u32::from_str_radix(&checkout.id(), 16).context("the checkout's id is no number")?;
            Addresses::choose(seed, &routes(checkout))
                .context("every block of 10.64.0.0/10 overlaps a route of this machine (ip route)")?
        };
        Ok(Self { checkout: checkout.clone(), addresses })
    }

    /// Keeps the addresses for all later runs. Fails when the machine has got routes to them since.
    fn keep_addresses(&self) -> Result<()> {
        let addresses = &self.addresses;
        if addresses.collides(&routes(&self.checkout)) {
            bail!(
                "the node's networks ({}, {}, {}) now overlap a route of this machine; \
                 `cargo xtask down --purge` makes it choose others",
                addresses.link(),
                addresses.pods,
                addresses.services
            );
        }
        fs::create_dir_all(self.state())?;
        Ok(fs::write(addresses_file(&self.checkout), serde_json::to_vec_pretty(addresses)?)?)
    }

    /// The checkout it belongs to.
    pub fn checkout(&self) -> &Checkout {
        &self.checkout
    }

    /// Its addresses.
    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// The network device on the host's side.
    pub fn device(&self) -> String {
        device(&self.checkout)
    }

    /// The folder of what lives as long as the node runs.
    pub fn run(&self) -> PathBuf {
        run_folder(&self.checkout)
    }

    /// The folder of what outlives a stop.
    pub fn state(&self) -> PathBuf {
        self.checkout.local().join("node")
    }

    /// One log file per program.
    pub fn log(&self) -> PathBuf {
        self.checkout.log().join("node")
    }

    /// The path of its control groups, below each hierarchy's root.
    pub fn cgroup(&self) -> String {
        format!("order-pipeline-{}", self.checkout.id())
    }

    /// containerd's socket.
    pub fn containerd_socket(&self) -> PathBuf {
        self.run().join("containerd.sock")
    }

    /// `program` in the node's network and mount namespaces.
    pub fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new("nsenter");
        command
            .arg(format!("--net={}", self.run().join("net").display()))
            .arg(format!("--mount={}", self.run().join("mnt").display()))
            .arg("--")
            .arg(program.as_ref());
        command
    }

    /// containerd's client, looking at what the kubelet uses.
    pub fn ctr(&self) -> Command {
        let mut command = self.command("ctr");
        command.arg("--address").arg(self.containerd_socket()).args(["--namespace", "k8s.io"]);
        command
    }
}

/// `/run/order-pipeline-<id>`.
pub fn run_folder(checkout: &Checkout) -> PathBuf {
    Path::new("/run").join(format!("order-pipeline-{}", checkout.id()))
}

fn addresses_file(checkout: &Checkout) -> PathBuf {
    checkout.local().join("node/addresses.json")
}

/// What the machine routes, but for this checkout's own link. Nothing where `ip` is not installed yet.
fn routes(checkout: &Checkout) -> Vec<addresses::Network> {
    let text = output(Command::new("ip").args(["-4", "route", "show", "table", "all"])).unwrap_or_default();
    addresses::routes(&text, &device(checkout))
}

// A device's name has at most 15 characters.
fn device(checkout: &Checkout) -> String {
    format!("op-{}", checkout.id())
}
