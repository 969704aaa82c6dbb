//! Catalogues in and out: what is sent, what is told, and how an import goes on.

use std::path::Path;

use serde_json::{Value, json};
use sqlx::ConnectOptions;

use crate::fake::{Outcome, orderctl, problem};
use crate::search_api::SearchApi;

fn product(n: u64) -> String {
    let price = json!({"amount": n, "currency": "EUR"});
    format!(
        "{}\n",
        json!({"id": n, "sku": format!("S{n}"), "name": format!("Lamp {n}"), "price": price, "stock": n % 7})
    )
}

fn report(imported: u64, errors: Value) -> (u16, Value) {
    let failed = errors.as_array().unwrap().len();
    (200, json!({"import": "x", "imported": imported, "failed": failed, "lastLine": 0, "errors": errors}))
}

fn file(folder: &tempfile::TempDir, name: &str, text: &str) -> String {
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

async fn import(answers: Vec<(u16, Value)>, file: &str, more: &[&str]) -> Outcome {
    let args: Vec<&str> = ["catalog", "import", file].iter().chain(more).copied().collect();
    orderctl(answers, &args, Some("t0ken")).await
}

#[tokio::test]
async fn a_file_goes_piece_by_piece_and_its_errors_have_its_lines() {
    let folder = tempfile::tempdir().unwrap();
    let lines = file(&folder, "all.ndjson", &(1..=1500).map(product).collect::<String>());
    let answers = vec![report(1000, json!([])), report(499, json!([{"line": 3, "detail": "sku must have a sku"}]))];
    let done = import(answers, &lines, &["--import", "spring"]).await;
    assert_eq!(
        (done.code, &*done.out),
        (1, "line 1003: sku must have a sku\n1499 products imported, 1 lines left out\n")
    );
    assert!(done.err.contains("import spring") && done.err.contains("1 lines were left out"), "{}", done.err);
    let asked: Vec<_> =
        done.asked.iter().map(|(call, token, body)| (&**call, &**token, body.as_str().unwrap())).collect();
    assert_eq!((asked[0].0, asked[0].1), ("POST /api/products:import?import=spring-0", "Bearer t0ken"));
    assert_eq!(asked[1].0, "POST /api/products:import?import=spring-1000");
    assert_eq!(asked[1].2, (1001..=1500).map(product).collect::<String>());

    let csv = file(&folder, "all.csv", "sku,name,amount,currency\nA,\"La\nmp\",5,EUR\nB,Desk,x,EUR\n");
    let answers = vec![report(1, json!([{"line": 4, "detail": "amount must be a whole number"}]))];
    let done = import(answers, &csv, &["--json"]).await;
    let told: Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!((done.code, &told["lastLine"], &told["errors"][0]["line"]), (1, &json!(4), &json!(4)), "{told}");
}

#[tokio::test]
async fn what_is_away_is_tried_again_and_then_says_how_to_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let lines = file(&folder, "all.jsonl", &(1..=1200).map(product).collect::<String>());
    let away = || (503, problem("database-unavailable", "The database is away", json!([])));
    let done = import(vec![report(1000, json!([])), away(), report(200, json!([]))], &lines, &["--import", "a"]).await;
    assert_eq!((done.code, &*done.out), (0, "1200 products imported, 0 lines left out\n"), "{}", done.err);
    assert_eq!(done.asked[1], done.asked[2]);

    let broken = import(vec![report(1000, json!([])), away()], &lines, &["--import", "a", "--patience", "0"]).await;
    assert_eq!(broken.code, 3, "{}", broken.err);
    let advice = format!("Go on with: orderctl catalog import {lines} --import a --after 1000");
    assert!(broken.err.contains(&advice), "{}", broken.err);
    // The same request as the one that failed: search-api knows it by its name.
    let on = import(vec![report(200, json!([]))], &lines, &["--import", "a", "--after", "1000"]).await;
    assert_eq!((on.code, &on.asked[0]), (0, &broken.asked[1]), "{}", on.err);
}

#[tokio::test]
async fn what_cannot_be_imported_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let lines = file(&folder, "all", &product(1));
    let refused = (401, problem("unauthorized", "No valid token", json!([])));
    for (answers, file, more, code, words) in [
        (vec![], "/nowhere/all.csv", &[][..], 2, "No such file"),
        (vec![], &*lines, &[], 2, "--format"),
        (vec![refused], &*lines, &["--format", "ndjson"], 2, "adminTokenSecretRef"),
        (vec![(200, json!({"items": []}))], &*lines, &["--format", "ndjson"], 1, "SEARCH_API_URL"),
    ] {
        let done = import(answers, file, more).await;
        assert_eq!(done.code, code, "{file} {more:?}: {}", done.err);
        assert!(done.err.contains(words) && !done.err.contains("t0ken"), "{file} {more:?}: {}", done.err);
    }
}

async fn real(api: &SearchApi, args: &[&str]) -> (i32, String) {
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_orderctl"));
    command.arg("catalog").args(args).env("SEARCH_API_URL", &api.url).env("ADMIN_TOKEN_FILE", api.token_file());
    let output = command.output().await.unwrap();
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (output.status.code().unwrap(), text)
}

fn texts(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

#[tokio::test]
#[ignore = "needs MySQL: cargo xtask test --integration"]
async fn a_catalogue_goes_in_and_out_of_a_real_search_api() {
    let api = SearchApi::start().await;
    let folder = tempfile::tempdir().unwrap();
    let rows: String = (1..=2300)
        .map(|n| match n {
            1500 => "S1500,Lamp,\"two\nlines\",wrong,EUR,\n".to_owned(),
            n => format!("S{n},\"Lamp, \"\"{n}\"\"\",\"two\nlines\",{n},EUR,{}\n", n % 7),
        })
        .collect();
    let csv = file(&folder, "in.csv", &format!("sku,name,description,amount,currency,stock\n{rows}"));
    let (code, told) = real(&api, &["import", &csv, "--import", "spring"]).await;
    assert_eq!(code, 1, "{told}");
    // A header, then two lines each.
    assert!(
        told.contains("line 3000: amount must be a whole number\n2299 products imported, 1 lines left out"),
        "{told}"
    );

    // Sold meanwhile; the same import again does not bring it back.
    let mut database = api.database.connect().await.unwrap();
    let sold = "UPDATE inventory SET available = 1 WHERE product_id = (SELECT id FROM products WHERE sku = 'S2000')";
    assert_eq!(sqlx::query(sold).execute(&mut database).await.unwrap().rows_affected(), 1);
    let (code, told) = real(&api, &["import", &csv, "--import", "spring", "--after", "2500"]).await;
    assert_eq!(code, 1, "{told}");
    // All but the first thousand.
    assert!(told.contains("1299 products imported, 1 lines left out"), "{told}");
    let (code, told) = real(&api, &["import", &csv, "--import", "spring"]).await;
    assert_eq!(code, 1, "{told}");
    let left = "SELECT i.available FROM inventory i JOIN products p ON p.id = i.product_id WHERE p.sku = 'S2000'";
    assert_eq!(sqlx::query_scalar::<_, i64>(left).fetch_one(&mut database).await.unwrap(), 1);

    // Out in one form, into an empty catalogue, and out in the same form again: the same bytes.
    for ending in ["ndjson", "csv"] {
        let [first, second] = ["first", "second"].map(|name| folder.path().join(format!("{name}.{ending}")));
        let (code, told) = real(&api, &["export", first.to_str().unwrap(), "--json"]).await;
        assert!(code == 0 && told.contains("\"products\": 2299"), "{told}");
        let other = SearchApi::start().await;
        let (code, told) = real(&other, &["import", first.to_str().unwrap()]).await;
        assert_eq!(code, 0, "{told}");
        let (code, told) = real(&other, &["export", second.to_str().unwrap()]).await;
        assert!(code == 0 && told.contains("2299 products in"), "{told}");
        assert_eq!(texts(&first), texts(&second));
        other.close().await;
    }
    api.close().await;
}
