//! kubectl, the one way in which this tool talks to a cluster.

use std::ffi::OsStr;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::checkout::Checkout;
use crate::step::output;

/// helm with the cluster that `kubectl` speaks to.
pub fn helm(checkout: &Checkout, kubectl: &Kubectl) -> Command {
    let mut command = Command::new(program(checkout, "helm"));
    if let Some(kubeconfig) = &kubectl.kubeconfig {
        command.env("KUBECONFIG", kubeconfig);
    }
    command
}

/// The one that this checkout has built, else the one in PATH.
fn program(checkout: &Checkout, name: &str) -> PathBuf {
    let built = checkout.bin().join(name);
    if built.exists() { built } else { PathBuf::from(name) }
}

/// kubectl with the cluster it speaks to.
#[derive(Clone, Debug)]
pub struct Kubectl {
    program: PathBuf,
    /// None: what the user's own kubectl would use.
    kubeconfig: Option<PathBuf>,
}

impl Kubectl {
    /// The node of this checkout.
    pub fn local(checkout: &Checkout) -> Self {
        Self { program: checkout.bin().join("kubectl"), kubeconfig: Some(checkout.local().join("kubeconfig")) }
    }

    /// The user's current context.
    pub fn current(checkout: &Checkout) -> Self {
        Self { program: program(checkout, "kubectl"), kubeconfig: None }
    }

    /// A cluster that a file tells.
    pub fn with_kubeconfig(checkout: &Checkout, kubeconfig: PathBuf) -> Self {
        Self { program: program(checkout, "kubectl"), kubeconfig: Some(kubeconfig) }
    }

    /// The kubeconfig that was chosen, if it is not the user's own.
    pub fn kubeconfig(&self) -> Option<&PathBuf> {
        self.kubeconfig.as_ref()
    }

    /// A kubectl command to add arguments to.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        if let Some(kubeconfig) = &self.kubeconfig {
            command.env("KUBECONFIG", kubeconfig);
        }
        command
    }

    /// Runs it and gives back what it printed.
    pub fn run<I, S>(&self, arguments: I) -> Result<String>
    where
        I: IntoIterator<Item = S>,
        S: AsRef<OsStr>,
    {
        output(self.command().args(arguments))
    }

    /// Runs it with `input` on its standard input: the way for manifests and for secrets, which must not
    /// stand in an argument.
    pub fn run_with_input<I, S>(&self, arguments: I, input: &str) -> Result<String>
    where
        I: IntoIterator<Item = S>,
        S: AsRef<OsStr>,
    {
        let mut command = self.command();
        command.args(arguments);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {}", self.program.display()))?;
        let mut stdin = child.stdin.take().context("kubectl has no standard input")?;
        let text = input.to_owned();
        // kubectl may print before it has read all: write from another thread.
        let writer = std::thread::spawn(move || stdin.write_all(text.as_bytes()));
        let out = child.wait_with_output()?;
        let written = writer.join().expect("writing does not panic");
        if !out.status.success() {
            bail!("{command:?} ended with {}: {}", out.status, String::from_utf8_lossy(&out.stderr).trim());
        }
        written?;
        Ok(String::from_utf8(out.stdout)?)
    }

    /// Applies manifests by server-side apply; fields that others manage are taken over.
    pub fn apply(&self, manifests: &str) -> Result<()> {
        self.run_with_input(
            ["apply", "--server-side", "--force-conflicts", "--field-manager=xtask", "--filename=-"],
            manifests,
        )?;
        Ok(())
    }

    /// Waits until a Deployment or StatefulSet has its newest pods Ready.
    pub fn rollout(&self, namespace: &str, what: &str, deadline: Duration) -> Result<()> {
        self.run(["--namespace", namespace, "rollout", "status", what, &format!("--timeout={}s", deadline.as_secs())])
            .with_context(|| format!("look at: kubectl --namespace {namespace} describe pods"))?;
        Ok(())
    }
}
