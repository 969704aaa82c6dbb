use reqwest::Url;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::api::{Api, Backends, TOKEN, json_of, problem, until_answered};
use crate::database::Database;

#[tokio::test]
#[ignore = "needs MySQL: cargo xtask test --integration"]
async fn pages_newest_first_for_who_has_the_token() {
    let database = Database::migrated().await;
    let api = Api::start(&database.backends(Backends::default())).await;
    let mut numbers = Vec::new();
    for index in 0..7 {
        let number = Uuid::from_u128(index).to_string();
        // Pairs share a moment: the number decides between them.
        let placed_at = format!("2026-11-22 18:00:00.00000{}", index / 2);
        let status = if index % 2 == 0 { "CONFIRMED" } else { "REJECTED" };
        database.insert(&number, status, None, &[1; 32], &placed_at).await;
        numbers.insert(0, json!(number));
    }

    let (mut found, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let mut url = Url::parse("http://api/api/orders?email=ann%40example.org&limit=3").unwrap();
        if let Some(cursor) = &cursor {
            url.query_pairs_mut().append_pair("cursor", cursor);
        }
        let path = format!("{}?{}", url.path(), url.query().unwrap());
        let page = json_of(until_answered(|| api.get(&path).bearer_auth(TOKEN)).await).await;
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= 3);
        found.extend(items.iter().map(|item| item["orderNumber"].clone()));
        match &page["nextCursor"] {
            Value::String(next) => cursor = Some(next.clone()),
            _ => break,
        }
    }
    assert_eq!(found, numbers);
}

#[tokio::test]
#[ignore = "belongs to the others: cargo xtask test --integration"]
async fn wrong_parameters_and_no_token() {
    let api = Api::start(&Backends::default()).await;
    let (status, ..) = problem(api.get("/api/orders?email=ann@example.org").send().await.unwrap()).await;
    assert_eq!(status, 401);
    for (query, pointer) in [
        ("", "#email"),
        ("?email=ann", "#email"),
        ("?email=ann@example.org&limit=0", "#limit"),
        ("?email=ann@example.org&limit=201", "#limit"),
        ("?email=ann@example.org&cursor=x", "#cursor"),
    ] {
        let response = api.get(&format!("/api/orders{query}")).bearer_auth(TOKEN).send().await.unwrap();
        let (status, _, body) = problem(response).await;
        assert_eq!((status, &body["errors"][0]["pointer"]), (422, &json!(pointer)), "{query}");
    }
}
