//! The proof at the end of `up`: a catalogue, a search, an order that becomes CONFIRMED.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use super::{Place, Secrets, ports};
use crate::catalogue;
use crate::http::{Method, request};
use crate::step::wait_for;

/// Loads the sample catalogue unless it is there. A MySQL that has just come back with its node may still be told Ready
/// from before, so it is asked until it answers.
pub fn load_catalogue(place: &Place<'_>, secrets: &Secrets) -> Result<()> {
    // The password is the first line of what the shell reads, so that no list of processes shows it.
    let script = "read -r MYSQL_PWD; export MYSQL_PWD; \
                  exec mysql --protocol=TCP --host=127.0.0.1 --ssl-mode=REQUIRED --user=root --batch orders";
    let input = format!("{}\n{}", secrets.mysql_root, catalogue::sql());
    let load = ["--namespace=database", "exec", "--stdin", "mysql-0", "--", "/bin/sh", "-c", script];
    wait_for("MySQL takes the catalogue", Duration::from_secs(300), || place.kubectl.run_with_input(load, &input))
        .map(drop)
        .map_err(|error| place.kubectl.with_log(error, "kubectl --namespace database logs mysql-0"))
}

/// Searches for one word of the sample, and gives back a product that is in stock.
pub fn search(place: &Place<'_>, word: &str) -> Result<Value> {
    let answer = wait_for("search-api answers", Duration::from_secs(300), || {
        let path = format!("/api/products?search={word}&limit=5");
        request(place.node_address, ports::SEARCH_API, Method::Get, &path)?.json(200)
    })?;
    let items = answer["items"].as_array().context("search-api's answer has no items")?;
    let product = items.iter().find(|item| item["available"].as_i64().is_some_and(|count| count > 0));
    product.cloned().with_context(|| format!("nothing in stock is found for {word:?}: {answer}"))
}

/// Orders one piece of `product` and waits until the order is CONFIRMED. Gives back the order.
pub fn place_order(place: &Place<'_>, product: &Value) -> Result<Value> {
    let body = json!({
        "customer": {"name": "Ada Sample", "email": "ada@shop.example", "address": "1 Sample Street, Springfield"},
        "items": [{"productId": product["id"], "quantity": 1, "unitPrice": product["price"]}],
        "payment": {"method": "card", "token": "tok_sample"},
    });
    let post = || request(place.node_address, ports::ORDER_API, Method::Post(&body), "/api/orders")?.json(200);
    let placed = wait_for("order-api accepts an order", Duration::from_secs(300), post)?;
    let number = placed["orderNumber"].as_str().context("order-api's answer has no orderNumber")?;
    wait_for("the order is decided", Duration::from_secs(300), || {
        let path = format!("/api/orders/{number}?wait=20s");
        let order = request(place.node_address, ports::ORDER_API, Method::Get, &path)?.json(200)?;
        ensure!(order["status"] != "PENDING", "order {number} is still PENDING");
        Ok(order)
    })
    .and_then(|order| match order["status"].as_str() {
        Some("CONFIRMED") => Ok(order),
        _ => bail!("order {number} was not confirmed: {order}"),
    })
}
