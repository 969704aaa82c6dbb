//! Requests that wait for an order's outcome (`?wait=30s`).
//!
//! However many wait, the database sees one query per tick for all of them, and none of them holds a connection.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use order_events::OrderNumber;
use service_runtime::CancellationToken;
use tokio::sync::{Notify, watch};

use crate::metrics::Metrics;
use crate::store::{Store, StoreError};

/// Between two queries.
pub const TICK: Duration = Duration::from_millis(100);

/// Everyone who waits.
pub struct Waiters {
    places: Mutex<Places>,
    /// Told when the first one comes.
    first: Notify,
    most: usize,
    metrics: Arc<Metrics>,
}

#[derive(Default)]
struct Places {
    taken: usize,
    slots: HashMap<OrderNumber, Slot>,
}

/// All who wait for one order.
struct Slot {
    waiting: usize,
    news: watch::Sender<News>,
}

/// What a waiter is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum News {
    None,
    Decided,
    Unavailable,
}

/// How a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The order has its outcome: read it.
    Decided,
    /// The database does not answer.
    Unavailable,
}

/// One waiting request; its place is free again when this is dropped, also when the caller has hung up.
pub struct Waiter<'w> {
    waiters: &'w Waiters,
    number: OrderNumber,
    news: watch::Receiver<News>,
}

impl Waiters {
    /// Room for `most` requests.
    pub fn new(most: usize, metrics: Arc<Metrics>) -> Self {
        Self { places: Mutex::default(), first: Notify::new(), most, metrics }
    }

    /// A place for one more; None when all are taken.
    pub fn join(&self, number: OrderNumber) -> Option<Waiter<'_>> {
        let mut places = self.lock();
        if places.taken >= self.most {
            return None;
        }
        places.taken += 1;
        let new = || Slot { waiting: 0, news: watch::Sender::new(News::None) };
        let slot = places.slots.entry(number).or_insert_with(new);
        slot.waiting += 1;
        let news = slot.news.subscribe();
        drop(places);
        self.metrics.waiters.inc();
        self.first.notify_one();
        Some(Waiter { waiters: self, number, news })
    }

    /// Asks for all of them once per tick while there are any. Runs until shutdown.
    pub async fn serve(self: Arc<Self>, store: Arc<Store>, shutdown: CancellationToken) -> anyhow::Result<()> {
        shutdown
            .run_until_cancelled(async {
                loop {
                    let numbers: Vec<OrderNumber> = self.lock().slots.keys().copied().collect();
                    if numbers.is_empty() {
                        self.first.notified().await;
                    } else {
                        self.tell(&numbers, store.decided(&numbers).await);
                        tokio::time::sleep(TICK).await;
                    }
                }
            })
            .await;
        Ok(())
    }

    fn tell(&self, asked: &[OrderNumber], found: Result<Vec<OrderNumber>, StoreError>) {
        let (numbers, news) = match &found {
            Ok(decided) => (decided.as_slice(), News::Decided),
            Err(_) => (asked, News::Unavailable),
        };
        let places = self.lock();
        for slot in numbers.iter().filter_map(|number| places.slots.get(number)) {
            slot.news.send_replace(news);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Places> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiter<'_> {
    /// Returns when there is news.
    pub async fn ended(&mut self) -> Ended {
        match self.news.wait_for(|news| *news != News::None).await.as_deref() {
            Ok(News::Decided) => Ended::Decided,
            _ => Ended::Unavailable,
        }
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        self.waiters.metrics.waiters.dec();
        let mut places = self.waiters.lock();
        places.taken -= 1;
        if let Entry::Occupied(mut slot) = places.slots.entry(self.number) {
            slot.get_mut().waiting -= 1;
            if slot.get().waiting == 0 {
                slot.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use prometheus_client::registry::Registry;
    use uuid::Uuid;

    use super::*;

    fn waiters(most: usize) -> Waiters {
        Waiters::new(most, Arc::new(Metrics::register(&mut Registry::default())))
    }

    fn number(n: u128) -> OrderNumber {
        Uuid::from_u128(n).into()
    }

    #[tokio::test]
    async fn all_who_wait_for_an_order_are_told() {
        let waiters = waiters(10);
        let (mut a, mut b, mut c) =
            (waiters.join(number(1)).unwrap(), waiters.join(number(1)).unwrap(), waiters.join(number(2)).unwrap());
        waiters.tell(&[number(1), number(2)], Ok(vec![number(1)]));
        assert_eq!((a.ended().await, b.ended().await), (Ended::Decided, Ended::Decided));
        assert!(tokio::time::timeout(Duration::ZERO, c.ended()).await.is_err());
        waiters.tell(&[number(2)], Err(StoreError::TimedOut));
        assert_eq!(c.ended().await, Ended::Unavailable);
    }

    #[tokio::test]
    async fn places_are_limited_and_come_back() {
        let waiters = waiters(2);
        let first = waiters.join(number(1)).unwrap();
        let second = waiters.join(number(1)).unwrap();
        assert!(waiters.join(number(2)).is_none());
        assert_eq!(waiters.metrics.waiters.get(), 2);
        drop(first);
        assert!(waiters.join(number(2)).is_some());
        drop(second);
        assert!(waiters.lock().slots.is_empty());
        assert_eq!(waiters.metrics.waiters.get(), 0);
    }

    #[tokio::test]
    async fn who_comes_after_the_news_waits_for_the_next() {
        let waiters = waiters(2);
        drop(waiters.join(number(1)));
        waiters.tell(&[number(1)], Ok(vec![number(1)]));
        let mut late = waiters.join(number(1)).unwrap();
        assert!(tokio::time::timeout(Duration::ZERO, late.ended()).await.is_err());
    }
}
