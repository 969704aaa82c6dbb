//! The OpenAPI documents that the page's client is made from are those that the services serve.

use std::path::Path;

#[test]
fn the_pages_client_is_made_from_what_the_services_serve() {
    let served = [
        ("search-api", search_api::document().to_pretty_json().unwrap()),
        ("order-api", order_api::openapi().to_pretty_json().unwrap()),
    ];
    for (name, document) in served {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("web/openapi").join(name).with_extension("json");
        let committed = std::fs::read_to_string(&file).unwrap_or_default();
        assert!(committed.trim_end() == document.trim_end(), "{name} changed: run cargo xtask generate page-api");
    }
}
