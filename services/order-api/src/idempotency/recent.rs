//! The fingerprints of the orders this process took lately, by number. Bounded: the oldest go first.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

use order_events::{Fingerprint, OrderNumber};

/// Shards, so that requests on different cores rarely meet.
const SHARDS: usize = 16;

/// The memory.
pub struct RecentKeys {
    shards: [Mutex<Shard>; SHARDS],
    hasher: RandomState,
    most_per_shard: usize,
}

#[derive(Default)]
struct Shard {
    by_number: HashMap<OrderNumber, Fingerprint>,
    oldest_first: VecDeque<OrderNumber>,
}

/// What the memory says of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// Seen for the first time; remembered from now on.
    New,
    /// The same body: a retry.
    Same,
    /// Another body: a conflict.
    Other,
}

impl RecentKeys {
    /// Room for about `most` orders, 100 bytes each.
    pub fn new(most: usize) -> Self {
        let most_per_shard = most.div_ceil(SHARDS);
        Self { shards: Default::default(), hasher: RandomState::new(), most_per_shard }
    }

    /// Looks an order up, and remembers it when it is new.
    pub fn check(&self, number: OrderNumber, fingerprint: Fingerprint) -> Known {
        let mut shard = self.shard(number);
        match shard.by_number.get(&number) {
            Some(known) if *known == fingerprint => Known::Same,
            Some(_) => Known::Other,
            None if self.most_per_shard == 0 => Known::New,
            None => {
                if shard.oldest_first.len() >= self.most_per_shard
                    && let Some(oldest) = shard.oldest_first.pop_front()
                {
                    shard.by_number.remove(&oldest);
                }
                shard.by_number.insert(number, fingerprint);
                shard.oldest_first.push_back(number);
                Known::New
            }
        }
    }

    /// Forgets an order that was certainly not taken: its key may come again with another body.
    pub fn forget(&self, number: OrderNumber) {
        let mut shard = self.shard(number);
        if shard.by_number.remove(&number).is_some() {
            shard.oldest_first.retain(|remembered| *remembered != number);
        }
    }

    fn shard(&self, number: OrderNumber) -> MutexGuard<'_, Shard> {
        let index = self.hasher.hash_one(number) as usize % SHARDS;
        self.shards[index].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn number(n: u128) -> OrderNumber {
        Uuid::from_u128(n).into()
    }

    #[test]
    fn a_retry_is_told_from_a_conflict() {
        let keys = RecentKeys::new(100);
        assert_eq!(keys.check(number(1), Fingerprint([1; 32])), Known::New);
        assert_eq!(keys.check(number(1), Fingerprint([1; 32])), Known::Same);
        assert_eq!(keys.check(number(1), Fingerprint([2; 32])), Known::Other);
        assert_eq!(keys.check(number(2), Fingerprint([2; 32])), Known::New);
    }

    #[test]
    fn what_was_not_taken_is_forgotten() {
        let keys = RecentKeys::new(100);
        keys.check(number(1), Fingerprint([1; 32]));
        keys.forget(number(1));
        assert_eq!(keys.check(number(1), Fingerprint([2; 32])), Known::New);
    }

    #[test]
    fn it_stays_small() {
        let keys = RecentKeys::new(SHARDS * 10);
        for n in 0..10_000 {
            keys.check(number(n), Fingerprint([0; 32]));
        }
        for shard in &keys.shards {
            let shard = shard.lock().unwrap();
            assert_eq!(shard.by_number.len(), 10);
            assert_eq!(shard.oldest_first.len(), 10);
        }
    }
}
