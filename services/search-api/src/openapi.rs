//! The API's document, made from the handlers.

use axum::extract::FromRef;
use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi as _};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::catalogue::{Catalogue, delete, export, import, put, stock};
use crate::products::{get, list};
use crate::search::Search;

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "search-api",
        description = "The shop's catalogue: browse, search, look up. Prices and stock are those committed now.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    tags(
        (name = "products", description = "What can be bought"),
        (name = "catalogue", description = "Upkeep, with the pipeline's token"),
    ),
    modifiers(&Token)
)]
struct Api;

/// How the upkeep's calls are opened.
struct Token;

impl Modify for Token {
    fn modify(&self, api: &mut OpenApi) {
        let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        api.components.get_or_insert_default().add_security_scheme("token", scheme);
    }
}

/// What handlers find in the state.
#[derive(Clone, Debug)]
pub(crate) struct App {
    pub search: Search,
    pub catalogue: Catalogue,
}

impl FromRef<App> for Search {
    fn from_ref(app: &App) -> Self {
        app.search.clone()
    }
}

impl FromRef<App> for Catalogue {
    fn from_ref(app: &App) -> Self {
        app.catalogue.clone()
    }
}

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(Api::openapi())
        .routes(routes!(list::list))
        .routes(routes!(get::get, put::put, delete::delete))
        .routes(routes!(stock::stock))
        .routes(routes!(import::import))
        .routes(routes!(export::export))
}

/// OpenAPI 3.1.
pub fn document() -> OpenApi {
    routes().split_for_parts().1
}
