//! A control plane on loopback: etcd, kube-apiserver, and kube-controller-manager with garbage collection and
//! namespace deletion alone.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use local_servers::{Process, Recipe, free_port};

/// A cold start on a busy machine takes long.
const START: Duration = Duration::from_secs(180);

/// Running servers; they end with this process.
pub struct ControlPlane {
    folder: PathBuf,
    kubeconfig: PathBuf,
    _etcd: Process,
    server: Mutex<Process>,
    _controllers: Process,
}

/// The one that most tests share, each in namespaces of its own.
pub fn shared() -> &'static ControlPlane {
    static SHARED: OnceLock<ControlPlane> = OnceLock::new();
    SHARED.get_or_init(|| {
        let plane = ControlPlane::start("shared");
        plane.install(&["strimzi"]);
        plane
    })
}

impl ControlPlane {
    /// Starts one with our CRD in it.
    pub fn start(name: &str) -> Self {
        let folder = folder(name);
        let kube = kube_binary();
        let [etcd, peer, api] = [(); 3].map(|()| free_port().unwrap());
        let etcd_url = format!("http://127.0.0.1:{etcd}");
        let etcd = Recipe::new("etcd", &kube, folder.join("etcd.log")).args([
            "etcd".to_owned(),
            format!("--data-dir={}", folder.join("etcd").display()),
            format!("--listen-client-urls={etcd_url}"),
            format!("--advertise-client-urls={etcd_url}"),
            format!("--listen-peer-urls=http://127.0.0.1:{peer}"),
            "--unsafe-no-fsync".to_owned(),
        ]);
        let files = write_credentials(&folder, api);
        let server = Recipe::new("kube-apiserver", &kube, folder.join("kube-apiserver.log")).args([
            "kube-apiserver".to_owned(),
            format!("--etcd-servers={etcd_url}"),
            "--bind-address=127.0.0.1".to_owned(),
            "--advertise-address=127.0.0.1".to_owned(),
            format!("--secure-port={api}"),
            format!("--tls-cert-file={}", files.certificate.display()),
            format!("--tls-private-key-file={}", files.key.display()),
            format!("--token-auth-file={}", files.tokens.display()),
            "--authorization-mode=RBAC".to_owned(),
            "--service-cluster-ip-range=10.0.0.0/16".to_owned(),
            "--service-account-issuer=https://kubernetes.default.svc".to_owned(),
            format!("--service-account-key-file={}", files.certificate.display()),
            format!("--service-account-signing-key-file={}", files.key.display()),
            "--endpoint-reconciler-type=none".to_owned(),
            format!("--audit-policy-file={}", files.audit_policy.display()),
            format!("--audit-log-path={}", folder.join("audit.log").display()),
        ]);
        let controllers = Recipe::new("kube-controller-manager", &kube, folder.join("kube-controller-manager.log"))
            .args([
                "kube-controller-manager".to_owned(),
                format!("--kubeconfig={}", files.kubeconfig.display()),
                "--controllers=garbage-collector-controller,namespace-controller".to_owned(),
                "--leader-elect=false".to_owned(),
                "--bind-address=127.0.0.1".to_owned(),
                format!("--secure-port={}", free_port().unwrap()),
                format!("--cert-dir={}", folder.join("controllers").display()),
            ]);
        let plane = Self {
            folder,
            kubeconfig: files.kubeconfig,
            _etcd: Process::start(etcd).unwrap(),
            server: Mutex::new(Process::start(server).unwrap()),
            _controllers: Process::start(controllers).unwrap(),
        };
        plane.wait_ready();
        plane.install(&["crds/orderpipelines.yaml"]);
        plane
    }

    /// Every request that began to be answered, one JSON object a line.
    pub fn audit_log(&self) -> PathBuf {
        self.folder.join("audit.log")
    }

    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    fn wait_ready(&self) {
        let answers = || self.kubectl(&["get", "--raw=/readyz"]).is_ok();
        self.server.lock().unwrap().wait_ready(START, answers).unwrap();
    }

    /// kill -9 of the API server; it stays away until [`Self::start_server`].
    pub fn kill_server(&self) {
        self.server.lock().unwrap().kill().unwrap();
    }

    pub fn start_server(&self) {
        self.server.lock().unwrap().start_again().unwrap();
        self.wait_ready();
    }

    /// Applies CRDs: files of the repository, or `strimzi` for Strimzi's, which xtask generates.
    pub fn install(&self, what: &[&str]) {
        for what in what {
            let path = if *what == "strimzi" { root().join("target/local/strimzi") } else { root().join(what) };
            let path = path.to_string_lossy().into_owned();
            self.kubectl(&["apply", "--server-side", "-f", &path]).unwrap();
        }
        // A CRD that has just been made has no conditions at all, which `kubectl wait` takes for an error.
        let started = Instant::now();
        while let Err(error) = self.kubectl(&["wait", "--for=condition=Established", "crd", "--all", "--timeout=60s"]) {
            assert!(started.elapsed() < START, "{error}");
        }
    }

    /// Gives the operator's ServiceAccount in `namespace` the rights that the chart gives it:
    /// an operator that runs as this user proves that the chart's rights are enough.
    pub fn grant(&self, namespace: &str, kafka_namespace: &str) {
        let values =
            format!("watchNamespaces={{{namespace}}},kafkaNamespaces={{{kafka_namespace}}},crds.install=false");
        let rights = ["serviceaccount", "rbac-pipelines", "rbac-namespaces", "rbac-kafka", "rbac-lease"];
        let rights = rights.map(|name| format!("--show-only=templates/{name}.yaml"));
        let mut args = vec!["-n", namespace, "--set", &values];
        args.extend(rights.iter().map(String::as_str));
        let file = self.folder.join(format!("rights-{namespace}.yaml"));
        fs::write(&file, crate::chart::render(&args).unwrap()).unwrap();
        self.kubectl(&["apply", "--server-side", "-f", &file.to_string_lossy()]).unwrap();
    }

    /// Runs kubectl; the error is what it said.
    pub fn kubectl(&self, args: &[&str]) -> Result<String, String> {
        let mut command = std::process::Command::new(kube_binary());
        command.arg("kubectl").arg("--kubeconfig").arg(&self.kubeconfig).args(args).env("HOME", &self.folder);
        let output = command.output().unwrap();
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).into_owned())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    }

    /// A client for the runtime that calls; clients do not outlive their runtime.
    pub async fn client(&self) -> Client {
        self.client_as(None).await
    }

    /// A client with the rights of `user`.
    pub async fn client_as(&self, user: Option<String>) -> Client {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let kubeconfig = Kubeconfig::read_from(&self.kubeconfig).unwrap();
        let mut config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await.unwrap();
        config.auth_info.impersonate = user;
        Client::try_from(config).unwrap()
    }
}

struct Files {
    certificate: PathBuf,
    key: PathBuf,
    tokens: PathBuf,
    kubeconfig: PathBuf,
    audit_policy: PathBuf,
}

/// A serving certificate that is its own authority, one token for everything, and a kubeconfig with both.
fn write_credentials(folder: &Path, port: u16) -> Files {
    let files = Files {
        certificate: folder.join("server.crt"),
        key: folder.join("server.key"),
        tokens: folder.join("tokens.csv"),
        kubeconfig: folder.join("kubeconfig"),
        audit_policy: folder.join("audit-policy.yaml"),
    };
    let policy = serde_json::json!({"apiVersion": "audit.k8s.io/v1", "kind": "Policy",
        "omitStages": ["RequestReceived"], "rules": [{"level": "Metadata"}]});
    fs::write(&files.audit_policy, policy.to_string()).unwrap();
    let names = vec!["127.0.0.1".to_owned(), "localhost".to_owned()];
    let made = rcgen::generate_simple_self_signed(names).unwrap();
    fs::write(&files.certificate, made.cert.pem()).unwrap();
    fs::write(&files.key, made.signing_key.serialize_pem()).unwrap();
    let token = uuid::Uuid::new_v4();
    fs::write(&files.tokens, format!("{token},tests,tests,system:masters\n")).unwrap();
    let kubeconfig = serde_json::json!({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "tests",
        "clusters": [{"name": "tests", "cluster": {
            "server": format!("https://127.0.0.1:{port}"), "certificate-authority": files.certificate}}],
        "users": [{"name": "tests", "user": {"token": token.to_string()}}],
        "contexts": [{"name": "tests", "context": {"cluster": "tests", "user": "tests"}}],
    });
    fs::write(&files.kubeconfig, kubeconfig.to_string()).unwrap();
    files
}

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn kube_binary() -> PathBuf {
    let binary = std::env::var_os("KUBE_BINARY").map_or_else(|| root().join("target/local/bin/kube"), PathBuf::from);
    assert!(binary.exists(), "{} is missing: run `cargo xtask test --integration`", binary.display());
    binary
}

/// A fresh folder, after those of dead processes were removed.
fn folder(name: &str) -> PathBuf {
    let base = Path::new(env!("CARGO_TARGET_TMPDIR")).join("operator-cluster");
    for old in fs::read_dir(&base).into_iter().flatten().filter_map(Result::ok) {
        let alive = old
            .file_name()
            .to_string_lossy()
            .split('-')
            .next_back()
            .is_some_and(|pid| Path::new("/proc").join(pid).exists());
        if !alive {
            let _ = fs::remove_dir_all(old.path());
        }
    }
    let folder = base.join(format!("{name}-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    folder
}
