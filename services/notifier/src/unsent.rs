//! Counts what waits, for the metric that unsent mail is seen by.

use std::time::Duration;

use service_runtime::CancellationToken;
use tokio::time::{sleep, timeout};

use crate::metrics::Metrics;
use crate::outbox::Outbox;

const EVERY: Duration = Duration::from_secs(5);

/// Runs until shutdown. What cannot be counted is unknown, not zero.
pub(crate) async fn watch(outbox: Outbox, metrics: Metrics, shutdown: CancellationToken) -> anyhow::Result<()> {
    let count = async {
        loop {
            let unsent = timeout(EVERY, outbox.unsent()).await.ok().and_then(Result::ok);
            metrics.waiting(unsent.map(|unsent| (unsent.rows as f64, unsent.age_seconds)));
            sleep(EVERY).await;
        }
    };
    let _stopped = shutdown.run_until_cancelled(count).await;
    Ok(())
}
