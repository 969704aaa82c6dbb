use clap::Parser;
use storefront::config::Args;

use crate::shop::{INDEX, SCRIPT, Shop, nobody, page};

#[tokio::test]
async fn the_page_is_asked_for_each_time_and_its_assets_are_kept_for_ever() {
    let shop = Shop::open(nobody(), &[]).await;
    for path in ["/", "/?search=lamp", "/basket", "/checkout", "/orders/56ae6aa8", "/ops", "/ops/dead-letters/7"] {
        let answer = shop.get(path).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        assert_eq!(answer.headers()["content-type"], "text/html; charset=utf-8");
        assert_eq!(answer.headers()["cache-control"], "no-cache");
        let etag = answer.headers()["etag"].clone();
        assert_eq!(answer.text().await.unwrap(), INDEX);
        let again = shop.get(path).header("if-none-match", etag).send().await.unwrap();
        assert_eq!(again.status(), 304, "{path}");
    }
    let other = shop.get("/").header("if-none-match", "\"of an earlier version\"").send().await.unwrap();
    assert_eq!(other.status(), 200);

    let asset = shop.get("/assets/index-abc.js").send().await.unwrap();
    assert_eq!(asset.headers()["cache-control"], "public, max-age=31536000, immutable");
    assert_eq!(asset.headers()["content-type"], "text/javascript");
    assert_eq!(asset.text().await.unwrap(), SCRIPT);
}

#[tokio::test]
async fn assets_come_as_they_were_compressed_at_build() {
    let shop = Shop::open(nobody(), &[]).await;
    for (accepted, encoding, body) in [
        ("gzip, deflate, br", Some("br"), "stands for brotli"),
        ("gzip", Some("gzip"), "stands for gzip"),
        ("br;q=0, gzip", Some("gzip"), "stands for gzip"),
        ("identity", None, SCRIPT),
    ] {
        let asset = shop.get("/assets/index-abc.js").header("accept-encoding", accepted).send().await.unwrap();
        let found = asset.headers().get("content-encoding").map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(found.as_deref(), encoding, "{accepted}");
        assert_eq!(asset.headers()["content-type"], "text/javascript");
        assert!(asset.headers()["vary"].to_str().unwrap().eq_ignore_ascii_case("accept-encoding"), "{accepted}");
        assert_eq!(asset.text().await.unwrap(), body, "{accepted}");
    }
}

#[tokio::test]
async fn what_is_not_there_is_not_found_and_not_kept() {
    let shop = Shop::open(nobody(), &[]).await;
    for path in
        ["/assets/index-old.js", "/wp-login.php", "/assets/../../etc/passwd", "/assets/%2e%2e/%2e%2e/etc/passwd"]
    {
        let answer = shop.get(path).send().await.unwrap();
        assert_eq!(answer.status(), 404, "{path}");
        assert_eq!(answer.headers()["content-type"], "application/problem+json", "{path}");
        assert_eq!(answer.headers()["cache-control"], "no-store", "{path}");
    }
    // A person gets the page, which says it in words.
    let answer = shop.get("/old/link").header("accept", "text/html,*/*;q=0.8").send().await.unwrap();
    assert_eq!(answer.status(), 404);
    assert_eq!(answer.text().await.unwrap(), INDEX);
}

#[tokio::test]
async fn a_browser_is_told_what_to_refuse() {
    let shop = Shop::open(nobody(), &[]).await;
    let get = |path| (path, shop.get(path));
    let calls = ["/", "/assets/index-abc.js", "/api/products", "/api/nothing", "/nothing"].map(get);
    for (path, call) in calls.into_iter().chain([("a refused method", shop.post("/"))]) {
        let answer = call.send().await.unwrap();
        let policy = answer.headers()["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'self';"), "{path}: {policy}");
        assert!(!policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(answer.headers()["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(answer.headers()["referrer-policy"], "no-referrer", "{path}");
        assert_eq!(answer.headers()["x-frame-options"], "DENY", "{path}");
    }
}

#[tokio::test]
async fn a_folder_without_a_page_is_refused_at_start() {
    let folder = page();
    std::fs::remove_file(folder.path().join("index.html")).unwrap();
    let root = folder.path().to_str().unwrap();
    let url = "http://127.0.0.1:1";
    let args = ["storefront", "--admin-addr=127.0.0.1:0", "--http-addr=127.0.0.1:0", "--web-root", root];
    let args = args.into_iter().chain(["--search-api-url", url, "--order-api-url", url]);
    let error = storefront::start(Args::parse_from(args)).await.unwrap_err().to_string();
    assert!(error.contains("WEB_ROOT") && error.contains("npm run build"), "{error}");
}

#[tokio::test]
async fn readiness_speaks_of_the_process_alone() {
    let shop = Shop::open(nobody(), &[]).await;
    assert_eq!(shop.get("/api/products").send().await.unwrap().status(), 503);
    assert_eq!(shop.admin("/livez").send().await.unwrap().status(), 200);
    assert_eq!(shop.admin("/readyz").send().await.unwrap().status(), 200);
    let health: serde_json::Value = shop.admin("/healthz").send().await.unwrap().text().await.unwrap().parse().unwrap();
    assert_eq!(health["backends"]["search-api"]["up"], false);
    assert_eq!(health["backends"]["order-api"]["up"], serde_json::Value::Null);
    let metrics = shop.admin("/metrics").send().await.unwrap().text().await.unwrap();
    assert!(metrics.contains(r#"http_requests_total{method="GET",route="/api/products",status="503"} 1"#), "{metrics}");
    assert!(metrics.contains(r#"backend_up{component="search-api"} 0"#), "{metrics}");
}
