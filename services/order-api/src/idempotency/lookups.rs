//! Stored fingerprints, asked beside the produce. All requests that ask while one query runs share the next; a
//! database that is slow or away costs them nothing but the knowledge.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use order_events::{Fingerprint, OrderNumber};
use service_runtime::CancellationToken;
use tokio::sync::{mpsc, oneshot};

use crate::store::{Store, StoreError};

/// Numbers in one query.
const MOST: usize = 500;
/// After a failure nothing is asked for this long.
const PAUSE: Duration = Duration::from_secs(1);
/// An answer that comes this long after Kafka's is not waited for.
const GRACE: Duration = Duration::from_millis(5);

/// Where to ask.
pub struct Lookups {
    questions: mpsc::Sender<Question>,
}

struct Question {
    number: OrderNumber,
    answer: oneshot::Sender<Option<Fingerprint>>,
}

/// An answer that may come.
pub struct Answer(Option<oneshot::Receiver<Option<Fingerprint>>>);

impl Lookups {
    /// The asking side, and the task that answers until shutdown.
    pub fn new(
        store: Arc<Store>,
        shutdown: CancellationToken,
    ) -> (Self, impl Future<Output = anyhow::Result<()>> + Send + 'static) {
        let (questions, asked) = mpsc::channel(4 * MOST);
        let task = async move {
            shutdown.run_until_cancelled(serve(&store, asked)).await;
            Ok(())
        };
        (Self { questions }, task)
    }

    /// Asks, without waiting. When too many ask, there is no answer.
    pub fn ask(&self, number: OrderNumber) -> Answer {
        let (answer, receiver) = oneshot::channel();
        Answer(self.questions.try_send(Question { number, answer }).is_ok().then_some(receiver))
    }
}

impl Answer {
    /// The stored fingerprint, if it is known by now or in a moment.
    pub async fn get(self) -> Option<Fingerprint> {
        tokio::time::timeout(GRACE, self.0?).await.ok()?.ok()?
    }
}

async fn serve(store: &Store, mut asked: mpsc::Receiver<Question>) {
    let mut batch = Vec::with_capacity(MOST);
    while asked.recv_many(&mut batch, MOST).await > 0 {
        let numbers: Vec<OrderNumber> = batch.iter().map(|question: &Question| question.number).collect();
        if answer(&mut batch, store.fingerprints(&numbers).await).is_err() {
            refuse(&mut asked).await;
        }
    }
}

fn answer(
    batch: &mut Vec<Question>,
    found: Result<Vec<(OrderNumber, Fingerprint)>, StoreError>,
) -> Result<(), StoreError> {
    let found = found.inspect_err(|_| batch.clear())?;
    for question in batch.drain(..) {
        let stored = found.iter().find(|(number, _)| *number == question.number);
        let _gone = question.answer.send(stored.map(|(_, fingerprint)| *fingerprint));
    }
    Ok(())
}

/// For a while every question is dropped at once, so that nobody waits for it.
async fn refuse(asked: &mut mpsc::Receiver<Question>) {
    let dropped = async { while asked.recv().await.is_some() {} };
    let _over = tokio::time::timeout(PAUSE, dropped).await;
}
