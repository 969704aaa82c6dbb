//! The guard of `helm uninstall`: without the operator nobody could remove the finalizers of what still exists.

use anyhow::bail;
use kube::api::{Api, ListParams, PartialObjectMeta};
use kube::{Client, ResourceExt};
use pipeline_api::OrderPipeline;

/// Which namespaces to look at, and whether to look at all.
#[derive(clap::Args, Clone, Debug)]
pub struct UninstallCheckArgs {
    /// Namespaces that the operator watches, comma separated; empty: all.
    #[arg(long, env, value_delimiter = ',')]
    pub watch_namespaces: Vec<String>,

    /// Uninstall all the same; what exists keeps its finalizer until an operator is installed again.
    #[arg(long, env)]
    pub force: bool,
}

/// Fails, with names and what to do, when OrderPipelines exist.
pub async fn check(client: Client, args: &UninstallCheckArgs) -> anyhow::Result<()> {
    let apis: Vec<Api<OrderPipeline>> = if args.watch_namespaces.iter().all(String::is_empty) {
        vec![Api::all(client)]
    } else {
        args.watch_namespaces.iter().map(|namespace| Api::namespaced(client.clone(), namespace)).collect()
    };
    let mut left = Vec::new();
    for api in apis {
        let found = match api.list_metadata(&ListParams::default()).await {
            Ok(found) => found.items,
            // The CRD is gone, and every resource with it.
            Err(kube::Error::Api(status)) if status.code == 404 => Vec::new(),
            Err(error) => return Err(error.into()),
        };
        let name = |one: &PartialObjectMeta<OrderPipeline>| {
            format!("{}/{}", one.namespace().unwrap_or_default(), one.name_any())
        };
        left.extend(found.iter().map(name));
    }
    if left.is_empty() || args.force {
        return Ok(());
    }
    bail!(
        "OrderPipelines exist: {}. Delete them first (kubectl delete opl --all -n NAMESPACE) and uninstall again, or bring \
         the release back (helm rollback RELEASE REVISION), or set uninstallGuard.force=true: then they stay and cannot \
         be deleted until an operator runs again",
        left.join(", ")
    )
}
