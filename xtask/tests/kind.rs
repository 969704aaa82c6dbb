//! What `--cluster kind` and `--cluster current` run, with stand-ins for kind, docker, kubectl, helm, cargo and npm that
//! write down how they were called. A machine with Docker is needed for more.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, MutexGuard, PoisonError};

const COMPONENTS: [(&str, &str); 7] = [
    ("operator", "order-pipeline-operator"),
    ("search-api", "search-api"),
    ("order-api", "order-api"),
    ("order-consumer", "order-consumer"),
    ("notifier", "notifier"),
    ("migrator", "migrator"),
    ("storefront", "storefront"),
];

/// One test at a time: a program that another thread starts would hold our stand-ins open for writing for a moment, and
/// what is open for writing cannot be run.
static TURN: Mutex<()> = Mutex::new(());

/// A checkout with just what the commands read, and a folder of stand-ins.
struct Stage {
    folder: tempfile::TempDir,
    _turn: MutexGuard<'static, ()>,
}

impl Stage {
    fn new() -> Self {
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let stage = Self { folder: tempfile::tempdir().expect("a folder"), _turn: turn };
        stage.write("xtask/Cargo.toml", "");
        stage.write("local/platform/namespaces.yaml", "namespaces");
        for (component, binary) in COMPONENTS {
            stage.write(&format!("local/images/{component}/Containerfile"), component);
            stage.write(&format!("target/image/{binary}"), binary);
        }
        for source in
            ["src/main.tsx", "scripts/x", "index.html", "vite.config.ts", "package-lock.json", "dist/index.html"]
        {
            stage.write(&format!("services/storefront/web/{source}"), "");
        }
        for program in ["docker", "helm", "cargo", "npm"] {
            stage.stand_in(program, "");
        }
        stage.stand_in("kind", "");
        stage
    }

    fn path(&self, relative: &str) -> PathBuf {
        self.folder.path().join(relative)
    }

    fn write(&self, relative: &str, text: &str) {
        let path = self.path(relative);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, text).expect("written");
    }

    /// A program that writes down its arguments and the cluster it was given, then does `then`.
    fn stand_in(&self, program: &str, then: &str) {
        let calls = self.path("calls").display().to_string();
        let text =
            format!("#!/bin/bash\necho \"{program} $*${{KUBECONFIG:+ @}}${{KUBECONFIG##*/}}\" >> {calls}\n{then}\n");
        let relative = format!("programs/{program}");
        self.write(&relative, &text);
        fs::set_permissions(self.path(&relative), fs::Permissions::from_mode(0o755)).expect("executable");
    }

    fn up(&self, args: &[&str]) -> Output {
        self.xtask(&[&["up"], args].concat())
    }

    fn xtask(&self, args: &[&str]) -> Output {
        let path = format!("{}:/usr/sbin:/usr/bin:/sbin:/bin", self.path("programs").display());
        let mut xtask = Command::new(env!("CARGO_BIN_EXE_xtask"));
        xtask.args(args).env("PATH", path).env("CARGO_MANIFEST_DIR", self.path("xtask"));
        xtask.env("CARGO", self.path("programs/cargo")).env_remove("KUBECONFIG").output().expect("xtask runs")
    }

    /// The calls, with this checkout's folder and hashes made plain.
    fn calls(&self) -> Vec<String> {
        let root = self.folder.path().canonicalize().expect("there");
        let text = fs::read_to_string(self.path("calls")).unwrap_or_default();
        text.replace(&root.display().to_string(), "ROOT").lines().map(str::to_owned).collect()
    }
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Answers what a cluster without Strimzi says, then what one with a node says; fails where the platform begins.
const KUBECTL: &str = r#"case "$*" in
  "get crd "*) [ -e "$0.strimzi" ] || { touch "$0.strimzi"; exit 1; } ;;
  "config current-context") echo somewhere ;;
  "get nodes "*) echo 172.18.0.2 ;;
  apply*) echo "the platform begins" >&2; exit 1 ;;
esac"#;

fn without_hash(call: &str) -> String {
    let Some((before, rest)) = call.split_once("order-pipeline/") else { return call.to_owned() };
    let Some((component, rest)) = rest.split_once(':') else { return call.to_owned() };
    let (hash, after) = rest.split_at(rest.find(' ').unwrap_or(rest.len()));
    assert!(hash.len() == 12 && hash.chars().all(|digit| digit.is_ascii_hexdigit()), "{call}");
    format!("{before}order-pipeline/{component}:HASH{after}")
}

#[test]
fn kind_makes_a_cluster_of_its_own_and_loads_every_image() {
    let stage = Stage::new();
    stage.stand_in("kubectl", KUBECTL);
    let output = stage.up(&["--cluster", "kind"]);
    assert!(!output.status.success() && said(&output).contains("the platform begins"), "{}", said(&output));

    let calls = stage.calls();
    let name = calls[1].split_whitespace().skip_while(|word| *word != "--name").nth(1).expect("a name").to_owned();
    assert!(name.starts_with("order-pipeline-"), "{name}");
    let file = "ROOT/target/local/kind.kubeconfig";
    assert_eq!(calls[0], "kind get clusters");
    assert_eq!(calls[1], format!("kind create cluster --wait 180s --name {name} --kubeconfig {file}"));
    assert_eq!(calls[2], "kubectl get crd kafkas.kafka.strimzi.io @kind.kubeconfig");
    assert!(
        calls[3].starts_with("helm upgrade --install strimzi strimzi-kafka-operator --version 1.2.0 "),
        "{}",
        calls[3]
    );
    assert!(calls[3].contains("STRIMZI_POD_SECURITY_PROVIDER_CLASS") && calls[3].ends_with("@kind.kubeconfig"));
    for (component, _) in COMPONENTS {
        let image = format!("order-pipeline/{component}:HASH");
        let built =
            format!("docker build --tag {image} --file ROOT/local/images/{component}/Containerfile ROOT/target/image");
        let loaded = format!("kind load docker-image {image} --name {name}");
        let place = |wanted: &str| calls.iter().position(|call| without_hash(call) == wanted);
        let (built, loaded) = (place(&built), place(&loaded));
        assert!(built.is_some() && built < loaded, "{component}: {calls:#?}");
    }
    let user_context = calls.iter().filter(|call| call.starts_with("kubectl") && !call.contains("@kind.kubeconfig"));
    assert_eq!(user_context.count(), 0, "the user's own cluster is never meant: {calls:#?}");
}

#[test]
fn a_kind_cluster_that_is_there_is_used_again_and_removed_by_down() {
    let stage = Stage::new();
    stage.stand_in("kubectl", KUBECTL);
    stage.up(&["--cluster", "kind"]);
    let name =
        stage.calls()[1].split_whitespace().skip_while(|word| *word != "--name").nth(1).expect("a name").to_owned();
    stage.stand_in("kind", &format!("[ \"$*\" != 'get clusters' ] || echo {name}"));
    fs::remove_file(stage.path("calls")).expect("calls were made");
    stage.up(&["--cluster", "kind"]);
    let calls = stage.calls();
    assert_eq!(
        calls[1],
        format!("kind export kubeconfig --name {name} --kubeconfig ROOT/target/local/kind.kubeconfig")
    );
    assert!(
        !calls.iter().any(|call| call.starts_with("helm upgrade --install strimzi")),
        "Strimzi is there: {calls:#?}"
    );
    let output = stage.xtask(&["down"]);
    assert!(output.status.success(), "{}", said(&output));
    let removed = format!("kind delete cluster --name {name} --kubeconfig ROOT/target/local/kind.kubeconfig");
    assert_eq!(stage.calls().last(), Some(&removed));
}

#[test]
fn without_kind_it_says_what_is_needed() {
    let stage = Stage::new();
    fs::remove_file(stage.path("programs/kind")).expect("removed");
    let said = said(&stage.up(&["--cluster", "kind"]));
    assert!(
        said.contains("--cluster kind needs `kind` and a Docker daemon; without them use --cluster local"),
        "{said}"
    );
}

#[test]
fn another_cluster_is_told_what_is_not_done_for_it() {
    let stage = Stage::new();
    stage.stand_in("kubectl", KUBECTL);
    let first = said(&stage.up(&["--cluster", "current"]));
    assert!(first.contains("the cluster has no Strimzi: https://strimzi.io/quickstarts"), "{first}");

    let args = ["--cluster", "current", "--image-prefix", "registry.example/shop", "--node-address", "192.0.2.7"];
    let second = said(&stage.up(&args));
    assert!(
        second.contains("no image is built or loaded there: it must have or pull registry.example/shop/<component>")
    );
    assert!(second.contains("reachable from here at 192.0.2.7"), "{second}");
    assert!(second.contains("the platform begins"), "{second}");
    assert!(!stage.calls().iter().any(|call| call.starts_with("docker") || call.starts_with("cargo")));
}

#[test]
fn a_failed_step_names_a_log_of_what_the_cluster_was_like() {
    let stage = Stage::new();
    fs::write(stage.path("programs/kubectl.strimzi"), "").expect("written");
    let readiness = r#"  *"range .items"*) printf 'orders fine True\norders ill False\n' ;;
  "config current-context")"#;
    stage.stand_in("kubectl", &KUBECTL.replace(r#"  "config current-context")"#, readiness));
    let said = said(&stage.up(&["--cluster", "current"]));
    let log = stage.path("target/local/log/cluster.log");
    assert!(said.contains(&format!("log: {}", log.canonicalize().expect("a log").display())), "{said}");
    let text = fs::read_to_string(log).expect("a log");
    assert!(text.contains("describe pods") && text.contains("logs --namespace orders ill"), "{text}");
    assert!(!text.contains("logs --namespace orders fine"), "{text}");
}

#[test]
fn options_of_one_cluster_are_refused_for_another() {
    let stage = Stage::new();
    for (args, told) in [
        (["--cluster", "kind", "--with", "metrics-server"], "--until and --with are for the local node"),
        (["--cluster", "kind", "--image-prefix", "x"], "--image-prefix and --node-address are for --cluster current"),
    ] {
        let said = said(&stage.up(&args));
        assert!(said.contains(told), "{said}");
    }
    assert!(!Path::new(&stage.path("calls")).exists(), "nothing was run");
}
