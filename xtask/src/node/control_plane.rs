//! etcd, API server, controllers, scheduler, and the provisioner of volumes.

use super::{Daemon, NAME, Node, credentials};

/// etcd, which keeps the cluster's objects.
pub fn etcd(node: &Node) -> Daemon {
    daemon(
        node,
        "etcd",
        "etcd",
        &[
            &format!("--data-dir={}", node.state().join("etcd").display()),
            "--listen-client-urls=http://127.0.0.1:2379",
            "--advertise-client-urls=http://127.0.0.1:2379",
            "--listen-peer-urls=http://127.0.0.1:2380",
            // A killed process loses nothing by this; a machine that loses power may. `up` then makes
            // all objects anew.
            "--unsafe-no-fsync",
            "--log-level=warn",
        ],
        &[],
    )
}

/// The API server, on the node's address and its loopback.
pub fn api_server(node: &Node) -> Daemon {
    let pki = |name: &str| credentials::file(node, name);
    daemon(
        node,
        "kube-apiserver",
        "kube-apiserver",
        &[
            "--etcd-servers=http://127.0.0.1:2379",
            "--secure-port=6443",
            "--bind-address=0.0.0.0",
            &format!("--advertise-address={}", node.addresses().node),
            &format!("--service-cluster-ip-range={}", node.addresses().services),
            &format!("--tls-cert-file={}", pki("apiserver.crt")),
            &format!("--tls-private-key-file={}", pki("apiserver.key")),
            &format!("--client-ca-file={}", pki("ca.crt")),
            &format!("--service-account-key-file={}", pki("service-accounts.pub")),
            &format!("--service-account-signing-key-file={}", pki("service-accounts.key")),
            "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
            "--authorization-mode=Node,RBAC",
            "--enable-admission-plugins=NodeRestriction",
            "--allow-privileged=true",
            &format!("--kubelet-client-certificate={}", pki("admin.crt")),
            &format!("--kubelet-client-key={}", pki("admin.key")),
            &format!("--kubelet-certificate-authority={}", pki("ca.crt")),
            "--kubelet-preferred-address-types=InternalIP",
            "--endpoint-reconciler-type=master-count",
            &format!("--requestheader-client-ca-file={}", pki("front-proxy-ca.crt")),
            "--requestheader-allowed-names=front-proxy",
            "--requestheader-username-headers=X-Remote-User",
            "--requestheader-group-headers=X-Remote-Group",
            "--requestheader-extra-headers-prefix=X-Remote-Extra-",
            &format!("--proxy-client-cert-file={}", pki("front-proxy.crt")),
            &format!("--proxy-client-key-file={}", pki("front-proxy.key")),
            "--enable-aggregator-routing=true",
            "--profiling=false",
        ],
        &["apiserver.crt", "front-proxy.crt"],
    )
}

/// What runs once the API server answers.
pub fn controllers(node: &Node) -> Vec<Daemon> {
    let pki = |name: &str| credentials::file(node, name);
    vec![
        daemon(
            node,
            "controller-manager",
            "kube-controller-manager",
            &[
                &format!("--kubeconfig={}", pki("controller-manager.kubeconfig")),
                "--use-service-account-credentials=true",
                &format!("--service-account-private-key-file={}", pki("service-accounts.key")),
                &format!("--root-ca-file={}", pki("ca.crt")),
                &format!("--cluster-signing-cert-file={}", pki("ca.crt")),
                &format!("--cluster-signing-key-file={}", pki("ca.key")),
                "--allocate-node-cidrs=false",
                &format!("--flex-volume-plugin-dir={}", node.state().join("volume-plugins").display()),
                "--leader-elect=false",
                "--bind-address=127.0.0.1",
            ],
            &["controller-manager.kubeconfig"],
        ),
        daemon(
            node,
            "scheduler",
            "kube-scheduler",
            &[
                &format!("--kubeconfig={}", pki("scheduler.kubeconfig")),
                "--leader-elect=false",
                "--bind-address=127.0.0.1",
            ],
            &["scheduler.kubeconfig"],
        ),
        daemon(
            node,
            "volume-provisioner",
            "volume-provisioner",
            &[
                &format!("--kubeconfig={}", pki("volume-provisioner.kubeconfig")),
                &format!("--folder={}", node.state().join("volumes").display()),
                &format!("--node={NAME}"),
            ],
            &["volume-provisioner.kubeconfig"],
        ),
    ]
}

fn daemon(node: &Node, name: &'static str, program: &str, arguments: &[&str], files: &[&str]) -> Daemon {
    Daemon {
        name,
        program: node.checkout().bin().join(program),
        arguments: arguments.iter().map(|&argument| argument.to_owned()).collect(),
        files: files.iter().map(|file| credentials::folder(node).join(file)).collect(),
    }
}
