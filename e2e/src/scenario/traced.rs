use std::path::Path;

use anyhow::{Result, ensure};
use uuid::Uuid;

use super::mail_away::mails;
use crate::patience::until;
use crate::platform::Processes;
use crate::run::Run;

/// One order's trace id, from the request through the consumer to the mail: on plain processes, whose logs are at hand. Gives the
/// order's number.
pub(super) async fn traced(processes: &Processes, run: &Run) -> Result<String> {
    let trace_id = Uuid::new_v4().simple().to_string();
    // With the flag that asks for a recorded trace, so all of them log it at info level.
    let customer = run.customer("Traced")?.traced(&format!("00-{trace_id}-00f067aa0ba902b7-01"));
    let number = customer.order("traced", run.product(), 1).await?;
    customer.until(&number, "CONFIRMED").await?;
    for (log, words) in processes.logs().into_iter().zip(["answered 200", "record committed", "mail sent"]) {
        until("the trace id is logged", async || said(log, words, &trace_id)).await?;
    }
    let mails = mails(&processes.mail_api(), customer.email()).await?;
    let texts: Vec<&str> = mails.iter().filter_map(|mail| mail["mimeMessage"].as_str()).collect();
    ensure!(
        texts.len() == 1 && texts[0].contains(&number),
        "no mail, or another than that of order {number}: {texts:?}"
    );
    println!("trace {trace_id}: logged by order-api, order-consumer and notifier, and the mail is there");
    Ok(number)
}

fn said(log: &Path, words: &str, trace_id: &str) -> Result<()> {
    let text = std::fs::read_to_string(log)?;
    let found = text.lines().any(|line| line.contains(words) && line.contains(trace_id));
    ensure!(found, "no line of {} has {words:?} and {trace_id}", log.display());
    Ok(())
}
