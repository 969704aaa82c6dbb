//! `orderctl order`.

use order_events::OrderNumber;
use reqwest::Method;
use serde_json::Value;

use crate::connect::api::{Api, ApiArgs};
use crate::failure::Failure;
use crate::output::{cell, json, line, table};

/// One order.
#[derive(Debug, clap::Subcommand)]
pub enum OrderCommand {
    /// What became of an order
    Show {
        /// The order's number
        number: OrderNumber,
        /// Wait until it is decided, at most so long (0 to 60s)
        #[arg(long, value_name = "DURATION")]
        wait: Option<String>,
        #[command(flatten)]
        api: ApiArgs,
    },
    /// Cancel an order, before or after it is processed; its stock comes back
    Cancel {
        /// The order's number
        number: OrderNumber,
        /// Then wait for its outcome, at most so long (0 to 60s)
        #[arg(long, value_name = "DURATION")]
        wait: Option<String>,
        #[command(flatten)]
        api: ApiArgs,
    },
}

/// Runs it.
pub async fn run(command: &OrderCommand, as_json: bool) -> Result<(), Failure> {
    match command {
        OrderCommand::Show { number, wait, api } => {
            print(&show(&api.client()?, *number, wait.as_deref()).await?, as_json);
        }
        OrderCommand::Cancel { number, wait, api } => {
            let api = api.client()?;
            let taken = api.open(Method::POST, &format!("/api/orders/{number}/cancel"), &[]).await?;
            match wait {
                Some(wait) => print(&show(&api, *number, Some(wait)).await?, as_json),
                None if as_json => json(&taken),
                None => {
                    line(format!("the cancel of order {number} is taken; `orderctl order show` tells what came of it"));
                }
            }
        }
    }
    Ok(())
}

async fn show(api: &Api, number: OrderNumber, wait: Option<&str>) -> Result<Value, Failure> {
    let query: Vec<_> = wait.map(|wait| ("wait", wait.to_owned())).into_iter().collect();
    api.open(Method::GET, &format!("/api/orders/{number}"), &query).await
}

fn print(order: &Value, as_json: bool) {
    if as_json {
        return json(order);
    }
    let reason = order["reason"].as_str().map(|reason| format!(" ({reason})")).unwrap_or_default();
    line(format!("order {} is {}{reason}", cell(&order["orderNumber"]), cell(&order["status"])));
    line(format!("created {}, updated {}", cell(&order["createdAt"]), cell(&order["updatedAt"])));
    let items: Vec<Vec<String>> = order["items"].as_array().into_iter().flatten().map(item).collect();
    if !items.is_empty() {
        line(table(&["QUANTITY", "PRODUCT", "SKU", "NAME", "UNIT PRICE"], &items));
        line(format!("total {}", money(&order["total"])));
    }
}

fn item(item: &Value) -> Vec<String> {
    let text = |name: &str| cell(&item[name]);
    vec![text("quantity"), text("productId"), text("sku"), text("name"), money(&item["unitPrice"])]
}

/// Minor units, as the API has them: how many digits a currency has is not ours to guess.
fn money(money: &Value) -> String {
    match (&money["amount"], &money["currency"]) {
        (Value::Number(amount), Value::String(currency)) => format!("{amount} {currency} (minor units)"),
        _ => "-".to_owned(),
    }
}
