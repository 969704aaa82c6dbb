use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use sqlx::MySqlPool;

use crate::patience::until;
use crate::platform::Platform;

const OUTAGE: Duration = Duration::from_secs(60);

/// The mail server is away while something else happens, for a minute at least.
pub struct MailAway {
    since: Instant,
    database: MySqlPool,
}

impl MailAway {
    /// Takes it away.
    pub async fn begin(platform: &mut Platform) -> Result<Self> {
        platform.processes()?.take_mail_down()?;
        Ok(Self { since: Instant::now(), database: platform.database().await? })
    }

    /// Brings it back: all mail waited, none was given up, each is sent once.
    pub async fn end(self, platform: &mut Platform) -> Result<()> {
        tokio::time::sleep_until((self.since + OUTAGE).into()).await;
        let waiting = self.count("sent_at IS NULL AND given_up_at IS NULL").await?;
        ensure!(waiting > 0, "no mail waits though the mail server is away");
        platform.processes()?.bring_mail_back()?;
        until("all mail is sent", async || {
            let unsent = self.count("sent_at IS NULL").await?;
            ensure!(unsent == 0, "{unsent} mails are not");
            Ok(())
        })
        .await?;
        ensure!(
            self.count("given_up_at IS NOT NULL").await? == 0,
            "mail was given up because the mail server was away"
        );
        let sent = once_each(&self.database, &platform.processes()?.mail_api()).await?;
        println!(
            "mail server away for a minute: {waiting} mails waited; {sent} are sent, each once, {:.1} s after it went",
            self.since.elapsed().as_secs_f64()
        );
        Ok(())
    }

    /// `condition` is one of this file's.
    async fn count(&self, condition: &str) -> Result<i64> {
        let sql = format!("SELECT COUNT(*) FROM outbox WHERE {condition}");
        Ok(sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(&self.database).await?)
    }
}

/// Every shopper has as many mails as the outbox has rows for them. Gives their number.
async fn once_each(database: &MySqlPool, mail_api: &str) -> Result<usize> {
    let rows = "SELECT o.customer_email, CAST(COUNT(*) AS SIGNED) FROM outbox JOIN orders o USING (order_number) GROUP BY o.customer_email";
    let mut sent = 0;
    for (email, rows) in sqlx::query_as::<_, (String, i64)>(rows).fetch_all(database).await? {
        let mails = mails(mail_api, &email).await?;
        ensure!(mails.len() as i64 == rows, "{email} has {} mails for {rows} rows of the outbox", mails.len());
        sent += mails.len();
    }
    Ok(sent)
}

/// What the mail catcher has for an address. It takes mail a moment before its API answers.
pub(super) async fn mails(mail_api: &str, address: &str) -> Result<Vec<Value>> {
    until("the mail catcher answers", async || {
        let answer = reqwest::get(format!("{mail_api}/api/user/{address}/messages")).await?;
        answer.error_for_status()?.json().await.context("mails")
    })
    .await
}
