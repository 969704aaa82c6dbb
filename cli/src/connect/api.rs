//! order-api and search-api over HTTP.

use std::path::PathBuf;
use std::time::Duration;

use reqwest::header::{ACCEPT, CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;

use super::InputError;
use crate::failure::{Exit, Failure};

/// Above the longest `?wait=`.
const TIMEOUT: Duration = Duration::from_secs(90);
/// For an answer that is a stream: how long it may take as a whole. Its reader has a limit for each part.
const STREAM: Duration = Duration::from_secs(24 * 3600);

/// Where order-api is and who we are there.
#[derive(Clone, Debug, clap::Args)]
pub struct ApiArgs {
    /// Base URL of order-api, such as `https://shop.example`.
    #[arg(long, env = "ORDER_API_URL", value_name = "URL")]
    pub order_api_url: String,

    #[command(flatten)]
    pub token: TokenArgs,
}

/// Where search-api is and who we are there.
#[derive(Clone, Debug, clap::Args)]
pub struct SearchApiArgs {
    /// Base URL of search-api, such as `https://shop.example`.
    #[arg(long, env = "SEARCH_API_URL", value_name = "URL")]
    pub search_api_url: String,

    #[command(flatten)]
    pub token: TokenArgs,
}

/// Who we are.
#[derive(Clone, Debug, clap::Args)]
pub struct TokenArgs {
    /// File with the pipeline's token. The variable ADMIN_TOKEN, with the token itself, is used when this is not given.
    #[arg(long, env = "ADMIN_TOKEN_FILE", value_name = "FILE")]
    pub admin_token_file: Option<PathBuf>,
}

/// One of ours, and the variable that says where it is.
#[derive(Clone, Copy, Debug)]
struct Service {
    name: &'static str,
    setting: &'static str,
}

const ORDER_API: Service = Service { name: "order-api", setting: "ORDER_API_URL" };
const SEARCH_API: Service = Service { name: "search-api", setting: "SEARCH_API_URL" };

/// A client with its base URL.
pub struct Api {
    service: Service,
    http: Client,
    base: String,
    token: Option<SecretString>,
    actor: Option<String>,
}

/// RFC 9457, as our services write it.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Problem {
    r#type: String,
    title: String,
    detail: Option<String>,
    errors: Vec<FieldError>,
    request_id: Option<String>,
}

#[derive(Debug, Deserialize)]
struct FieldError {
    pointer: String,
    detail: String,
}

impl ApiArgs {
    /// Reads the token; opens no connection yet.
    pub fn client(&self) -> Result<Api, InputError> {
        Api::new(&self.order_api_url, self.token.read()?)
    }
}

impl SearchApiArgs {
    /// Reads the token; opens no connection yet.
    pub fn client(&self) -> Result<Api, InputError> {
        Api::of(SEARCH_API, &self.search_api_url, self.token.read()?)
    }
}

impl TokenArgs {
    fn read(&self) -> Result<Option<SecretString>, InputError> {
        let token = match &self.admin_token_file {
            Some(file) => {
                let text = std::fs::read_to_string(file)
                    .map_err(|error| InputError::new("ADMIN_TOKEN_FILE", format!("{}: {error}", file.display())))?;
                Some(text)
            }
            None => std::env::var("ADMIN_TOKEN").ok(),
        };
        Ok(token.map(|token| token.trim().into()))
    }
}

impl Api {
    /// order-api. `token` is needed for dead letters alone.
    pub fn new(url: &str, token: Option<SecretString>) -> Result<Self, InputError> {
        Self::of(ORDER_API, url, token)
    }

    fn of(service: Service, url: &str, token: Option<SecretString>) -> Result<Self, InputError> {
        if !(url.starts_with("http://") || url.starts_with("https://")) {
            return Err(InputError::new(service.setting, "must begin with http:// or https://"));
        }
        // An error means that a provider is there already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = Client::builder().timeout(TIMEOUT).build();
        let http = http.map_err(|error| InputError::new(service.setting, error.to_string()))?;
        let actor = std::env::var("USER")
            .ok()
            .filter(|name| (1..=64).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic()));
        Ok(Self { service, http, base: url.trim_end_matches('/').to_owned(), token, actor })
    }

    /// A call that anyone may make.
    pub async fn open(&self, method: Method, path: &str, query: &[(&str, String)]) -> Result<Value, Failure> {
        self.send(self.http.request(method, format!("{}{path}", self.base)).query(query)).await
    }

    /// A call that needs the token.
    pub async fn admin(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, String)],
        body: Option<&Value>,
    ) -> Result<Value, Failure> {
        let request = self.opened(method, path, query)?;
        self.send(if let Some(body) = body { request.json(body) } else { request }).await
    }

    /// A call that needs the token, with a body of that media type.
    pub async fn upload(
        &self,
        path: &str,
        query: &[(&str, String)],
        media: &str,
        body: Vec<u8>,
    ) -> Result<Value, Failure> {
        self.send(self.opened(Method::POST, path, query)?.header(CONTENT_TYPE, media).body(body)).await
    }

    /// A call that needs the token and is answered by a stream.
    pub async fn download(&self, path: &str, media: &str) -> Result<Response, Failure> {
        self.answer(self.opened(Method::GET, path, &[])?.header(ACCEPT, media).timeout(STREAM)).await
    }

    fn opened(&self, method: Method, path: &str, query: &[(&str, String)]) -> Result<RequestBuilder, Failure> {
        let token = self.token.as_ref().filter(|token| !token.expose_secret().is_empty()).ok_or_else(|| {
            Failure::new(Exit::Unusable, "this needs the pipeline's token")
                .next("Set ADMIN_TOKEN, or --admin-token-file to a file that holds it (`. target/local/env` does on the local node).")
        })?;
        let mut request = self.http.request(method, format!("{}{path}", self.base)).query(query);
        request = request.bearer_auth(token.expose_secret());
        if let Some(actor) = &self.actor {
            request = request.header("x-actor", actor);
        }
        Ok(request)
    }

    async fn send(&self, request: RequestBuilder) -> Result<Value, Failure> {
        let response = self.answer(request).await?;
        let status = response.status();
        response.json().await.map_err(|_| {
            let Service { name, setting } = self.service;
            Failure::new(Exit::Refused, format!("{} answered {status} without JSON", self.base))
                .next(format!("Is {setting} {name}'s own address?"))
        })
    }

    async fn answer(&self, request: RequestBuilder) -> Result<Response, Failure> {
        let response = request.send().await.map_err(|error| self.away(&error))?;
        if response.status().is_success() { Ok(response) } else { Err(self.refusal(response).await) }
    }

    /// reqwest's own text repeats the URL; the causes below it say what happened.
    pub fn away(&self, error: &reqwest::Error) -> Failure {
        let mut cause: &dyn std::error::Error = error;
        while let Some(source) = cause.source() {
            cause = source;
        }
        let what = if error.is_timeout() {
            "did not answer in time".to_owned()
        } else {
            format!("cannot be reached: {cause}")
        };
        let Service { name, setting } = self.service;
        Failure::new(Exit::Away, format!("{name} at {} {what}", self.base)).next(format!("{setting} says where it is."))
    }

    async fn refusal(&self, response: Response) -> Failure {
        let status = response.status();
        let wait = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let problem = response.json::<Problem>().await.unwrap_or_default();
        let slug = problem.r#type.rsplit(':').next().unwrap_or_default();
        let (exit, next) = advice(status, slug);
        let title = if problem.title.is_empty() { status.to_string() } else { problem.title };
        let mut message = format!("{title} ({})", status.as_u16());
        for text in problem
            .detail
            .into_iter()
            .chain(problem.errors.iter().map(|one| format!("  {}: {}", one.pointer, one.detail)))
        {
            message.push('\n');
            message.push_str(&text);
        }
        if let Some(id) = problem.request_id.filter(|_| status.is_server_error()) {
            message.push_str(&format!("\nrequest {id}"));
        }
        let failure = Failure::new(exit, message);
        let Service { name, setting } = self.service;
        match (next, wait) {
            (Some(next), _) => failure.next(next),
            (None, Some(seconds)) => failure.next(format!("Try again in {seconds} s.")),
            (None, None) if slug == "no-such-path" => {
                failure.next(format!("Is {setting} {name}'s own address, and {name} as new as this program?"))
            }
            (None, None) => failure,
        }
    }
}

/// By status and the problem's slug.
fn advice(status: StatusCode, slug: &str) -> (Exit, Option<&'static str>) {
    match (status.as_u16(), slug) {
        (401, _) => (
            Exit::Unusable,
            Some("The token is not the pipeline's: see the Secret that spec.access.adminTokenSecretRef names."),
        ),
        (403, _) => (Exit::Unusable, Some("The pipeline has no token: set spec.access.adminTokenSecretRef.")),
        (409, "dead-letter-changed") => {
            (Exit::Refused, Some("Somebody was faster: look at it again with `orderctl dlq show`."))
        }
        (409, "dead-letter-not-open") => {
            (Exit::Refused, Some("`--again` publishes once more what was replayed; it counts once all the same."))
        }
        (404, "order-not-visible-yet") => {
            (Exit::Refused, Some("An accepted order may still wait: add `--wait 30s`, or see `orderctl verify`."))
        }
        (400 | 422, _) => (Exit::Unusable, None),
        (429 | 500..=599, _) => (Exit::Away, None),
        _ => (Exit::Refused, None),
    }
}
