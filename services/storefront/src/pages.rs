//! The built page. Vite names every file in `assets/` by its content, so those are kept for ever; `index.html`
//! names them and is asked for each time, by an ETag of its bytes: a file's time says nothing in an image.

use std::fs;
use std::path::Path;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use service_runtime::ConfigError;
use service_runtime::problem::Problem;
use sha2::{Digest, Sha256};
use tower::ServiceExt;
use tower_http::services::ServeDir;

/// Paths at which the page shows something; `web/src/routes.tsx` has the same.
const VIEWS: [&str; 6] = ["/", "/basket", "/checkout", "/orders/{number}", "/ops", "/ops/{*view}"];

/// The folder's files, and `index.html` in memory.
#[derive(Clone, Debug)]
pub(crate) struct Pages {
    files: ServeDir,
    index: Index,
}

#[derive(Clone, Debug)]
struct Index {
    html: String,
    etag: HeaderValue,
}

impl Pages {
    /// # Errors
    /// No `index.html` there: the page was not built.
    pub(crate) fn load(root: &Path) -> Result<Self, ConfigError> {
        let html = fs::read_to_string(root.join("index.html")).map_err(|error| {
            let cure = "build the page (npm ci && npm run build in services/storefront/web) and name its dist folder";
            ConfigError::new("WEB_ROOT", format!("{} has no page: {error}; {cure}", root.display()))
        })?;
        let hash: String = Sha256::digest(&html)[..12].iter().map(|byte| format!("{byte:02x}")).collect();
        let etag = HeaderValue::try_from(format!("\"{hash}\"")).expect("hexadecimal digits are a header's value");
        let files = ServeDir::new(root)
            .append_index_html_on_directories(false)
            .redirect_to_trailing_slash(false)
            .precompressed_br()
            .precompressed_gzip();
        Ok(Self { files, index: Index { html, etag } })
    }

    pub(crate) fn routes(self) -> Router {
        let views = VIEWS.iter().fold(Router::new(), |router, view| router.route(view, get(index)));
        let views = views.with_state(self.index.clone());
        let files = get(file).with_state(self.clone());
        Router::new().route("/assets/{*file}", files.clone().layer(from_fn(keep))).route("/{*file}", files).merge(views)
    }
}

async fn index(State(index): State<Index>, headers: HeaderMap) -> Response {
    index.answer(StatusCode::OK, &headers)
}

/// A file of the folder; else the page, which says that there is nothing here, for who came to read.
async fn file(State(pages): State<Pages>, request: Request) -> Response {
    let headers = request.headers().clone();
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let found = match pages.files.oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    };
    if found.status() != StatusCode::NOT_FOUND {
        return found.into_response();
    }
    let wants_page = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if reads && wants_page.contains("text/html") {
        pages.index.answer(StatusCode::NOT_FOUND, &headers)
    } else {
        Problem::new(StatusCode::NOT_FOUND, "no-such-path", "There is nothing at this path").into_response()
    }
}

impl Index {
    fn answer(&self, status: StatusCode, asked: &HeaderMap) -> Response {
        let known = asked.get_all(header::IF_NONE_MATCH).iter().any(|value| names(value, &self.etag));
        let headers = [
            (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
            (header::ETAG, self.etag.clone()),
        ];
        if known && status == StatusCode::OK {
            (StatusCode::NOT_MODIFIED, headers).into_response()
        } else {
            (status, headers, self.html.clone()).into_response()
        }
    }
}

/// True when an If-None-Match names the tag. Proxies that compress make it weak.
fn names(value: &HeaderValue, etag: &HeaderValue) -> bool {
    let (Ok(value), Ok(etag)) = (value.to_str(), etag.to_str()) else { return false };
    value.split(',').map(str::trim).any(|tag| tag == "*" || tag.trim_start_matches("W/") == etag)
}

/// What is named by its content never changes; what was not found may come with the next version.
async fn keep(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    if response.status().is_success() || response.status() == StatusCode::NOT_MODIFIED {
        let forever = HeaderValue::from_static("public, max-age=31536000, immutable");
        response.headers_mut().insert(header::CACHE_CONTROL, forever);
    }
    response
}
