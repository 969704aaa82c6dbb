//! search-api as a caller sees it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use reqwest::{Method, RequestBuilder, Response, Url};
use search_api::follow::Following;
use search_api::search::Limits;
use serde_json::Value;
use service_runtime::auth::AdminToken;
use service_runtime::database::{DatabaseArgs, DatabaseTls};
use service_runtime::{CancellationToken, LogFormat, Process, RuntimeArgs};

/// For what must come: as long as a starved machine may need.
const PATIENCE: Duration = Duration::from_secs(120);
/// Opens the upkeep of the catalogue.
const TOKEN: &str = "a-test's-token";
/// Builds that succeeded.
pub const BUILT: &str = "search_index_builds_total{outcome=\"Built\"}";

/// A running search-api of this test's own; it stops when dropped.
pub struct Api {
    base: Url,
    admin: Url,
    client: reqwest::Client,
    stop: CancellationToken,
    _credentials: tempfile::TempDir,
}

/// What a test may want otherwise.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    pub following: Following,
    pub limits: Limits,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            following: Following::with_memory(256 << 20),
            limits: Limits { like_scans: 2, like_time: Duration::from_secs(5) },
        }
    }
}

/// Where the database is.
#[derive(Clone, Debug)]
pub struct Place {
    pub port: u16,
    pub password: String,
    pub ca: PathBuf,
    pub database: String,
}

impl Drop for Api {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Api {
    /// With TLS, as in a cluster: without it a restarted MySQL asks for a password exchange that sqlx does not do.
    pub async fn start(place: &Place, options: Options) -> Self {
        let credentials = tempfile::tempdir().unwrap();
        std::fs::write(credentials.path().join("username"), "root").unwrap();
        std::fs::write(credentials.path().join("password"), &place.password).unwrap();
        let runtime = RuntimeArgs {
            admin_addr: "127.0.0.1:0".parse().unwrap(),
            log_format: LogFormat::Text,
            shutdown_grace: Duration::from_secs(5),
        };
        let mut process = Process::start("search-api", "test", &runtime).unwrap();
        let Options { following, limits } = options;
        let args = args(place, credentials.path());
        std::fs::write(credentials.path().join("token"), TOKEN).unwrap();
        let token = AdminToken::from_file(Some(&credentials.path().join("token")));
        let origins = ["https://shop.example".parse().unwrap()];
        let router = search_api::start(&mut process, args, limits, following, token, &origins).unwrap();
        let address = process.serve("http", "127.0.0.1:0".parse().unwrap(), router).await.unwrap();
        let admin = process.serve_admin().await.unwrap();
        let stop = process.shutdown.clone();
        tokio::spawn(process.run());
        let url = |address: SocketAddr| format!("http://{address}").parse().unwrap();
        Self { base: url(address), admin: url(admin), client: client(), stop, _credentials: credentials }
    }

    /// The value of a metric, with its labels as they are printed; None when it is not there.
    pub async fn metric(&self, name: &str) -> Option<f64> {
        let url = self.admin.join("/metrics").unwrap();
        let text = self.client.get(url).send().await.unwrap().text().await.unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))?;
        Some(line.parse().unwrap())
    }

    /// Waits until a metric has such a value.
    pub async fn until_metric(&self, name: &str, wanted: impl Fn(f64) -> bool) {
        let asked = async {
            while !self.metric(name).await.is_some_and(&wanted) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let met = tokio::time::timeout(PATIENCE, asked).await;
        let now = self.metric(name).await;
        met.unwrap_or_else(|_| panic!("{name} is {now:?}"));
    }

    /// Waits for an index to search in.
    pub async fn until_indexed(&self) {
        self.until_metric(BUILT, |builds| builds >= 1.0).await;
    }

    /// How many searches went by LIKE for this reason.
    pub async fn fallbacks(&self, reason: &str) -> f64 {
        self.metric(&format!("search_fallbacks_total{{reason=\"{reason}\"}}")).await.unwrap_or_default()
    }

    pub async fn get(&self, path: &str, query: &[(&str, &str)]) -> Response {
        let url = self.base.join(path).unwrap();
        self.client.get(url).query(query).header("origin", "https://shop.example").send().await.unwrap()
    }

    /// A call of the catalogue's upkeep, with the token.
    pub fn upkeep(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, self.base.join(path).unwrap()).bearer_auth(TOKEN)
    }

    /// The same without the token.
    pub fn stranger(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, self.base.join(path).unwrap())
    }

    /// The body of a 200. A 503 is tried again for a while, as it asks for: a starved machine may well be too slow.
    pub async fn json(&self, path: &str, query: &[(&str, &str)]) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let response = self.get(path, query).await;
            match response.status().as_u16() {
                200 => return response.json().await.unwrap(),
                503 if Instant::now() < deadline => tokio::time::sleep(Duration::from_millis(100)).await,
                status => panic!("{path} {query:?}: {status} {}", response.text().await.unwrap()),
            }
        }
    }

    /// The ids of all pages of a search.
    pub async fn all_ids(&self, search: &str, limit: &str) -> Vec<u64> {
        let (mut ids, mut cursor) = (Vec::new(), None::<String>);
        loop {
            let mut query = vec![("search", search), ("limit", limit)];
            query.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
            let page = self.json("/api/products", &query).await;
            ids.extend(page["items"].as_array().unwrap().iter().map(|item| item["id"].as_u64().unwrap()));
            match &page["nextCursor"] {
                Value::String(next) => cursor = Some(next.clone()),
                _ => return ids,
            }
        }
    }

    /// Asks until the answer has this status.
    pub async fn until(&self, path: &str, query: &[(&str, &str)], status: u16) {
        self.until_answer(path, query, async |response| response.status() == status).await;
    }

    /// Asks until the answer is this problem.
    pub async fn until_problem(&self, path: &str, slug: &str) {
        let slug = format!("urn:order-pipeline:problem:{slug}");
        let is_it =
            async |response: Response| response.json::<Value>().await.is_ok_and(|problem| problem["type"] == slug);
        self.until_answer(path, &[], is_it).await;
    }

    async fn until_answer(&self, path: &str, query: &[(&str, &str)], wanted: impl AsyncFn(Response) -> bool) {
        let asked = async {
            while !wanted(self.get(path, query).await).await {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let answered = tokio::time::timeout(PATIENCE, asked).await;
        answered.unwrap_or_else(|_| panic!("{path} {query:?} never gave the wanted answer"));
    }
}

fn client() -> reqwest::Client {
    // Plain HTTP, but reqwest wants to know its TLS provider all the same.
    let _already_set = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().timeout(PATIENCE).build().unwrap()
}

fn args(place: &Place, credentials: &Path) -> DatabaseArgs {
    DatabaseArgs {
        database_host: "127.0.0.1".to_owned(),
        database_port: place.port,
        database_name: place.database.clone(),
        database_credentials_dir: credentials.to_owned(),
        database_ca_file: Some(place.ca.clone()),
        database_tls: DatabaseTls::Required,
        database_max_connections: 8,
    }
}
