//! `orderctl dlq`: dead letters, over order-api.

use std::io::Read;
use std::path::PathBuf;

use order_events::OrderNumber;
use reqwest::Method;
use serde_json::{Map, Value, json};

use crate::connect::api::{Api, ApiArgs};
use crate::failure::{Exit, Failure};
use crate::output::{self, cell, confirm, line, table};

/// Most letters that one page may have.
const PAGE: usize = 200;
/// What a replay by filter takes instead of ids.
const FILTER: [&str; 6] = ["reason", "from", "to", "order", "all", "dry_run"];

/// Records that could not become orders.
#[derive(Debug, clap::Subcommand)]
pub enum DlqCommand {
    /// Dead letters, newest first
    List {
        /// OPEN, REPLAYED, DISCARDED or ALL
        #[arg(long, default_value = "OPEN", ignore_case = true, value_parser = ["OPEN", "REPLAYED", "DISCARDED", "ALL"])]
        status: String,
        #[command(flatten)]
        filter: Filter,
        /// Most letters to list
        #[arg(long, default_value_t = 50)]
        limit: usize,
        #[command(flatten)]
        api: ApiArgs,
    },
    /// One dead letter with its content; address and payment token are masked
    Show {
        /// Its id, as `list` shows it
        id: u64,
        /// Show personal data, too; the platform's log notes who asked
        #[arg(long)]
        reveal: bool,
        /// Print only what `replay --body` takes, to be edited
        #[arg(long, conflicts_with = "reveal")]
        body: bool,
        #[command(flatten)]
        api: ApiArgs,
    },
    /// Publish dead letters again, as they are or edited; each counts once, however often it is published
    #[command(after_help = "\
Examples:
  orderctl dlq replay 17                                     as it is
  orderctl dlq show 17 --body > order.json                   edit order.json, then
  orderctl dlq replay 17 --body order.json                   with its edited body (*** means: as it was)
  orderctl dlq replay 18 --number new                        a conflict, as an order of its own
  orderctl dlq replay --reason REFUSED_BY_DATABASE --dry-run what a filter would replay
  orderctl dlq replay --all --yes                            every open one that needs no edit")]
    Replay {
        /// Ids, as `list` shows them
        #[arg(required_unless_present_any = FILTER, conflicts_with_all = FILTER)]
        ids: Vec<u64>,
        /// File with the edited body, `-` for standard input
        #[arg(long, value_name = "FILE", conflicts_with_all = FILTER)]
        body: Option<PathBuf>,
        /// A number for a record that has none, or `new`: the only way to replay a conflict
        #[arg(long, value_name = "UUID|new", conflicts_with_all = FILTER)]
        number: Option<String>,
        /// Also what was replayed already
        #[arg(long, conflicts_with_all = FILTER)]
        again: bool,
        #[command(flatten)]
        filter: Filter,
        /// All open dead letters
        #[arg(long)]
        all: bool,
        /// Only say what would be done
        #[arg(long)]
        dry_run: bool,
        /// Do not ask
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        api: ApiArgs,
    },
    /// Give dead letters up, with a reason; their orders stay FAILED
    Discard {
        /// Ids, as `list` shows them
        #[arg(required = true)]
        ids: Vec<u64>,
        /// Why, for who looks at it later; no personal data
        #[arg(long, value_name = "TEXT")]
        reason: String,
        #[command(flatten)]
        api: ApiArgs,
    },
}

/// Conditions; all that are given must hold.
#[derive(Clone, Debug, clap::Args)]
pub struct Filter {
    /// Such as UNDECODABLE or IDEMPOTENCY_CONFLICT
    #[arg(long, value_name = "NAME")]
    reason: Option<String>,
    /// Became a dead letter then or later (RFC 3339, such as 2026-11-22T18:00:00Z)
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Became a dead letter before then
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    /// Of this order
    #[arg(long, value_name = "NUMBER")]
    order: Option<OrderNumber>,
}

impl Filter {
    /// Names and values as the API has them.
    fn fields(&self) -> Vec<(&'static str, String)> {
        let Self { reason, from, to, order } = self.clone();
        let order = order.map(|order| order.to_string());
        let all = [("reason", reason), ("from", from), ("to", to), ("orderNumber", order)];
        all.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}

/// Runs it.
pub async fn run(command: &DlqCommand, as_json: bool) -> Result<(), Failure> {
    match command {
        DlqCommand::List { status, filter, limit, api } => {
            let letters = list(&api.client()?, status, filter, *limit).await?;
            if as_json {
                output::json(&json!({ "items": letters }));
            } else if letters.is_empty() {
                line("no dead letters");
            } else {
                line(shown(&letters));
            }
            Ok(())
        }
        DlqCommand::Show { id, reveal, body, api } => {
            let query: Vec<_> = reveal.then(|| ("reveal", "true".to_owned())).into_iter().collect();
            let letter = api.client()?.admin(Method::GET, &path(*id, ""), &query, None).await?;
            show(&letter, *body, as_json)
        }
        DlqCommand::Replay { ids, body, number, again, filter, dry_run, yes, api, .. } => {
            let api = api.client()?;
            if ids.is_empty() {
                return replay_many(&api, filter, *dry_run, *yes, as_json).await;
            }
            let request = request(body.as_ref(), number.as_deref(), *again, ids.len())?;
            each(ids, as_json, async |id| api.admin(Method::POST, &path(id, "/replay"), &[], Some(&request)).await)
                .await
        }
        DlqCommand::Discard { ids, reason, api } => {
            let (api, request) = (api.client()?, json!({ "reason": reason }));
            each(ids, as_json, async |id| api.admin(Method::POST, &path(id, "/discard"), &[], Some(&request)).await)
                .await
        }
    }
}

fn path(id: u64, action: &str) -> String {
    format!("/api/dead-letters/{id}{action}")
}

async fn list(api: &Api, status: &str, filter: &Filter, limit: usize) -> Result<Vec<Value>, Failure> {
    let mut letters = Vec::new();
    let mut cursor = None;
    while letters.len() < limit {
        let mut query = filter.fields();
        if !status.eq_ignore_ascii_case("ALL") {
            query.push(("status", status.to_ascii_uppercase()));
        }
        query.push(("limit", (limit - letters.len()).min(PAGE).to_string()));
        query.extend(cursor.map(|cursor| ("cursor", cursor)));
        let mut page = api.admin(Method::GET, "/api/dead-letters", &query, None).await?;
        if let Value::Array(items) = page["items"].take() {
            letters.extend(items);
        }
        match page["nextCursor"].as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => break,
        }
    }
    Ok(letters)
}

fn shown(letters: &[Value]) -> String {
    let rows: Vec<Vec<String>> = letters
        .iter()
        .map(|letter| {
            let text = |name: &str| cell(&letter[name]);
            let place = format!("{}/{}", text("partition"), text("offset"));
            vec![text("id"), text("status"), text("reason"), text("orderNumber"), place, text("createdAt")]
        })
        .collect();
    table(&["ID", "STATUS", "REASON", "ORDER", "PARTITION/OFFSET", "SINCE"], &rows)
}

fn show(letter: &Value, body_only: bool, as_json: bool) -> Result<(), Failure> {
    if body_only {
        if letter["body"].is_null() {
            return Err(Failure::new(Exit::Refused, "its bytes hold no body to edit")
                .next("Write one as `POST /api/orders` takes it: {customer, items, payment}."));
        }
        output::json(&letter["body"]);
        return Ok(());
    }
    if as_json {
        output::json(letter);
        return Ok(());
    }
    let text = |name: &str| cell(&letter[name]);
    line(format!("dead letter {}, {}: {}", text("id"), text("status"), text("reason")));
    line(text("detail"));
    line(format!(
        "order {}, {} at {} partition {} offset {}",
        text("orderNumber"),
        text("eventType"),
        text("topic"),
        text("partition"),
        text("offset")
    ));
    line(format!(
        "dead since {}, tried {} times, replayed {} times",
        text("createdAt"),
        text("attempts"),
        text("replayCount")
    ));
    for (name, words) in [("replayedAs", "last replayed as order"), ("note", "note:")] {
        if !letter[name].is_null() {
            line(format!("{words} {}", text(name)));
        }
    }
    if let Some(needs) = letter["replayNeeds"].as_array().filter(|needs| !needs.is_empty()) {
        let flags: Vec<&str> = needs.iter().map(|need| if need == "body" { "--body" } else { "--number" }).collect();
        line(format!("a replay needs {}", flags.join(" and ")));
    }
    for header in letter["headers"].as_array().into_iter().flatten() {
        line(format!("  {}: {}", cell(&header["name"]), cell(&header["value"])));
    }
    if !letter["event"].is_null() {
        output::json(&letter["event"]);
    }
    Ok(())
}

fn request(body: Option<&PathBuf>, number: Option<&str>, again: bool, letters: usize) -> Result<Value, Failure> {
    if letters > 1 && (body.is_some() || number.is_some_and(|number| number != "new")) {
        return Err(Failure::new(Exit::Unusable, "a body or a number is for one dead letter"));
    }
    let mut request = Map::new();
    if let Some(file) = body {
        let text = read(file).map_err(|error| Failure::new(Exit::Unusable, format!("{}: {error}", file.display())))?;
        // serde's message may quote what it read.
        let body: Value = serde_json::from_str(&text).map_err(|error| {
            let (row, column) = (error.line(), error.column());
            Failure::new(Exit::Unusable, format!("{} is no JSON: see line {row}, column {column}", file.display()))
        })?;
        request.insert("body".to_owned(), body);
    }
    if let Some(number) = number {
        request.insert("orderNumber".to_owned(), number.into());
    }
    if again {
        request.insert("again".to_owned(), true.into());
    }
    Ok(Value::Object(request))
}

fn read(file: &PathBuf) -> std::io::Result<String> {
    if file.as_os_str() != "-" {
        return std::fs::read_to_string(file);
    }
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    Ok(text)
}

/// Does the same to each; the first failure ends it, after what was done is told.
async fn each(ids: &[u64], as_json: bool, act: impl AsyncFn(u64) -> Result<Value, Failure>) -> Result<(), Failure> {
    let mut done = Vec::new();
    let mut failed = None;
    for id in ids {
        match act(*id).await {
            Ok(answer) if as_json => done.push(answer),
            Ok(answer) => {
                let order =
                    answer["orderNumber"].as_str().map(|number| format!(", order {number}")).unwrap_or_default();
                line(format!("dead letter {id} is {}{order}", cell(&answer["status"])));
            }
            Err(failure) => {
                failed = Some(failure);
                break;
            }
        }
    }
    if as_json {
        output::json(&json!({ "items": done }));
    }
    failed.map_or(Ok(()), Err)
}

async fn replay_many(api: &Api, filter: &Filter, dry_run: bool, yes: bool, as_json: bool) -> Result<(), Failure> {
    if !dry_run {
        confirm("publish every open dead letter of this filter again?", yes)?;
    }
    let filter: Map<String, Value> =
        filter.fields().into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
    let (mut items, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let mut request = json!({ "filter": filter, "dryRun": dry_run, "limit": 500 });
        if let Some(cursor) = cursor {
            request["cursor"] = cursor.into();
        }
        let mut answer = api.admin(Method::POST, "/api/dead-letters:replay", &[], Some(&request)).await?;
        let failed = answer["failed"].as_u64().unwrap_or(0) > 0;
        let page = match answer["items"].take() {
            Value::Array(page) => page,
            _ => Vec::new(),
        };
        let nothing = page.is_empty();
        items.extend(page);
        match answer["nextCursor"].as_str() {
            Some(next) if !failed && !nothing => cursor = Some(next.to_owned()),
            _ => break,
        }
    }
    let count = |outcome: &str| items.iter().filter(|item| item["outcome"] == outcome).count();
    let failed = count("FAILED");
    if as_json {
        output::json(&json!({ "dryRun": dry_run, "items": items }));
    } else {
        for item in &items {
            let detail = item["detail"].as_str().map(|detail| format!(": {detail}")).unwrap_or_default();
            line(format!("{}  {}{detail}", cell(&item["id"]), cell(&item["outcome"])));
        }
        let done = count("REPLAYED") + count("WOULD_REPLAY");
        line(format!(
            "{done} {}, {} skipped, {failed} failed",
            if dry_run { "would be replayed" } else { "replayed" },
            count("SKIPPED")
        ));
    }
    if failed > 0 {
        return Err(Failure::new(Exit::Away, "not all could be replayed")
            .next("Run it again: what was replayed is not open any more."));
    }
    Ok(())
}
