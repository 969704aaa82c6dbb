//! Flags and variables.

use std::net::SocketAddr;
use std::path::PathBuf;

use axum::http::Uri;
use axum::http::uri::Scheme;
use service_runtime::RuntimeArgs;

/// Serves the shopper's page and forwards its calls to the APIs.
#[derive(Clone, Debug, clap::Parser)]
#[command(name = "storefront", version)]
#[expect(missing_docs, reason = "the flattened group documents itself")]
pub struct Args {
    #[command(flatten)]
    pub runtime: RuntimeArgs,

    /// Address of the page.
    #[arg(long, env, default_value = "0.0.0.0:8080")]
    pub http_addr: SocketAddr,

    /// Folder with the built page: what `npm run build` writes into services/storefront/web/dist.
    #[arg(long, env, default_value = "/usr/share/storefront")]
    pub web_root: PathBuf,

    /// Base URL of search-api, such as `http://shop-search-api:8080`.
    #[arg(long, env, value_parser = base_url)]
    pub search_api_url: Uri,

    /// Base URL of order-api.
    #[arg(long, env, value_parser = base_url)]
    pub order_api_url: Uri,

    /// The operator's URL with this pipeline's scaling; `GET /api/ops` answers what it answers. Without it 404.
    #[arg(long, env, value_parser = whole_url)]
    pub ops_url: Option<Uri>,
}

/// `http://host:port`, no path: the paths are those of the page's calls.
fn base_url(text: &str) -> Result<Uri, String> {
    let uri = whole_url(text)?;
    if uri.path() != "/" || uri.query().is_some() {
        return Err("must be a base URL such as http://order-api:8080, without a path".to_owned());
    }
    Ok(uri)
}

fn whole_url(text: &str) -> Result<Uri, String> {
    let uri: Uri = text.parse().map_err(|error| format!("is no URL: {error}"))?;
    if uri.scheme() != Some(&Scheme::HTTP) || uri.authority().is_none() {
        return Err("must begin with http://host; the way inside the cluster has no TLS".to_owned());
    }
    Ok(uri)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_cannot_be_meant_are_refused() {
        for text in ["http://order-api:8080", "http://[::1]:8080", "http://order-api:8080/"] {
            assert!(base_url(text).is_ok(), "{text}");
        }
        for text in ["order-api:8080", "https://order-api", "http://order-api/api", "/api", "", "http://a b"] {
            assert!(base_url(text).is_err(), "{text}");
        }
        assert!(whole_url("http://operator:8081/pipelines/orders/shop/scaling").is_ok());
    }
}
