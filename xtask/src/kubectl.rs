//! kubectl, the one way in which this tool talks to a cluster.

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Error, Result, anyhow, bail};

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

/// What tells most of a cluster in which something does not come up.
const EVIDENCE: &[&[&str]] = &[
    &["get", "pods", "--all-namespaces", "--output=wide"],
    &["get", "events", "--all-namespaces", "--sort-by=.metadata.creationTimestamp"],
    &["describe", "pods", "--all-namespaces"],
];

/// Namespace, name and readiness of every pod.
const READINESS: [&str; 4] = [
    "get",
    "pods",
    "--all-namespaces",
    "--output=jsonpath={range .items[*]}{.metadata.namespace} {.metadata.name} \
     {.status.conditions[?(@.type==\"Ready\")].status}{\"\\n\"}{end}",
];

/// kubectl with the cluster it speaks to.
#[derive(Clone, Debug)]
pub struct Kubectl {
    program: PathBuf,
    /// None: what the user's own kubectl would use.
    kubeconfig: Option<PathBuf>,
    /// Where it is written down what the cluster was like when something failed.
    log: PathBuf,
}

impl Kubectl {
    /// The node of this checkout.
    pub fn local(checkout: &Checkout) -> Self {
        Self {
            program: checkout.bin().join("kubectl"),
            ..Self::with_kubeconfig(checkout, checkout.local().join("kubeconfig"))
        }
    }

    /// The user's current context.
    pub fn current(checkout: &Checkout) -> Self {
        Self { program: program(checkout, "kubectl"), kubeconfig: None, log: checkout.log().join("cluster.log") }
    }

    /// A cluster that a file tells.
    pub fn with_kubeconfig(checkout: &Checkout, kubeconfig: PathBuf) -> Self {
        Self { kubeconfig: Some(kubeconfig), ..Self::current(checkout) }
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

    /// [`Self::run`] for a question that is asked again: one answer that never comes must not outlast its deadline.
    pub fn ask<I, S>(&self, arguments: I) -> Result<String>
    where
        I: IntoIterator<Item = S>,
        S: AsRef<OsStr>,
    {
        output(self.command().arg("--request-timeout=20s").args(arguments))
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
        )
        .map(drop)
        .map_err(|error| self.with_log(error, "run it again; what it said above names the object"))
    }

    /// Waits until a Deployment or StatefulSet has its newest pods Ready.
    pub fn rollout(&self, namespace: &str, what: &str, deadline: Duration) -> Result<()> {
        self.run(["--namespace", namespace, "rollout", "status", what, &format!("--timeout={}s", deadline.as_secs())])
            .map(drop)
            .map_err(|error| self.with_log(error, &format!("kubectl --namespace {namespace} describe pods")))
    }

    /// Writes pods and events of the cluster, and the last words of what is not Ready, into target/local/log/cluster.log.
    /// Gives back `error` with that place, and with what to try.
    pub fn with_log(&self, error: Error, hint: &str) -> Error {
        let mut text = String::new();
        for question in EVIDENCE {
            text += &self.answer(question);
        }
        for pod in self.ask(READINESS).unwrap_or_default().lines() {
            if let [namespace, name, ready] = pod.split(' ').collect::<Vec<_>>()[..]
                && ready != "True"
            {
                let pod = ["logs", "--namespace", namespace, name, "--all-containers", "--prefix", "--tail=100"];
                text += &self.answer(&pod);
                text += &self.answer(&[&pod[..], &["--previous"]].concat());
            }
        }
        match write_log(&self.log, &text) {
            Ok(()) => anyhow!("{error:#}\n  log: {}\n  try: {hint}", self.log.display()),
            Err(_) => anyhow!("{error:#}\n  try: {hint}"),
        }
    }

    /// A question with its answer, or with why there is none.
    fn answer(&self, question: &[&str]) -> String {
        let answer = self.ask(question);
        format!("$ kubectl {}\n{}\n", question.join(" "), answer.unwrap_or_else(|error| format!("{error:#}\n")))
    }
}

fn write_log(path: &Path, text: &str) -> Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    Ok(fs::write(path, text)?)
}
