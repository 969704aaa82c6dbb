//! What consecutive scrapes of the consumers say together. Pure.

use std::collections::BTreeMap;

use super::exposition::Figures;
use super::scrape::Scrape;
use crate::scaling::ConsumerSample;

/// What the consumers say of their database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DatabaseWord {
    /// Nobody said anything.
    #[default]
    Unknown,
    /// At least one reaches it.
    Reached { consumers: usize },
    /// None reaches it, twice in a row.
    Unreachable { consumers: usize },
}

/// Why consumers hold everything: no single order is wrong then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// Schema or grants.
    Systemic,
    /// More dead letters a minute than a bad order explains.
    DeadLetters,
}

/// With fewer commits a quarter of them says little.
const FEWEST: u64 = 4;
/// A shorter hold is no news: the first retry comes after 15 s.
const HELD_FOR: f64 = 30.0;

/// The last scrape, to which the next one is compared.
#[derive(Clone, Debug, Default)]
pub struct Scraped {
    last: BTreeMap<String, Figures>,
    word: DatabaseWord,
    doubted: bool,
}

/// One scrape, seen beside the one before.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Together {
    pub consumers: Vec<ConsumerSample>,
    /// Time of COMMIT since the last scrape, of which three in four took longer; `None`: too few to tell.
    ///
    /// Not the whole transaction, which takes longer when more orders are in it, and not the mean: a consumer that its
    /// CPU limit stops in the middle finds the database slow, but not every time.
    pub commit_milliseconds: Option<f64>,
    pub database: DatabaseWord,
    pub held: Option<Held>,
    /// Partitions that stand because records are lost.
    pub stopped: u64,
}

impl Scraped {
    /// Takes the next scrape. A pod that started anew counts from its start: what it did before is not known.
    pub fn add(&mut self, scrape: Scrape) -> Together {
        let together = Together {
            consumers: scrape.values().map(consumer).collect(),
            commit_milliseconds: self.commits(&scrape),
            database: self.judge(&scrape),
            held: held(&scrape),
            stopped: scrape.values().map(|figures| figures.stopped).sum(),
        };
        self.last = scrape;
        together
    }

    fn commits(&self, scrape: &Scrape) -> Option<f64> {
        // By bound, in buckets of their own: microseconds, since a float is no key.
        let mut since: BTreeMap<u64, u64> = BTreeMap::new();
        for (pod, figures) in scrape {
            let Some(before) = self.last.get(pod).map(|before| &before.commits) else { continue };
            let same = before.len() == figures.commits.len();
            if !same || before.iter().zip(&figures.commits).any(|(then, now)| then.1 > now.1) {
                continue;
            }
            let (mut then_below, mut now_below) = (0, 0);
            for ((_, then), (bound, now)) in before.iter().zip(&figures.commits) {
                *since.entry((bound * 1e6).round() as u64).or_default() +=
                    (now - now_below).saturating_sub(then - then_below);
                (then_below, now_below) = (*then, *now);
            }
        }
        let all: u64 = since.values().sum();
        let wanted = all as f64 / 4.0;
        let (mut below, mut from) = (0.0, 0.0);
        for (bound, count) in since {
            let (bound, count) = (bound as f64 / 1e3, count as f64);
            if count > 0.0 && below + count >= wanted {
                return (all >= FEWEST).then(|| from + (bound - from) * (wanted - below) / count);
            }
            (below, from) = (below + count, bound);
        }
        None
    }

    /// One scrape alone may have met a single refused transaction.
    fn judge(&mut self, scrape: &Scrape) -> DatabaseWord {
        let said: Vec<bool> = scrape.values().filter_map(|figures| figures.database_up).collect();
        let consumers = said.len();
        let down = consumers > 0 && said.iter().all(|up| !up);
        self.word = if consumers == 0 {
            DatabaseWord::Unknown
        } else if !down {
            DatabaseWord::Reached { consumers: said.iter().filter(|up| **up).count() }
        } else if self.doubted {
            DatabaseWord::Unreachable { consumers }
        } else {
            self.word
        };
        self.doubted = down;
        self.word
    }
}

fn held(scrape: &Scrape) -> Option<Held> {
    let longer = |cause: usize| scrape.values().any(|figures| figures.held[cause] >= HELD_FOR);
    [Held::Systemic, Held::DeadLetters].into_iter().enumerate().find(|(cause, _)| longer(*cause)).map(|(_, held)| held)
}

fn consumer(figures: &Figures) -> ConsumerSample {
    ConsumerSample {
        partitions: figures.partitions.clone(),
        service_rate: figures.service_rate,
        unsent: figures.in_hand,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Commits of up to 10, 20 and 40 ms, each beyond the ones before.
    fn committed(pods: &[(&str, [u64; 3])]) -> Scrape {
        let figures = |counts: [u64; 3]| Figures {
            commits: vec![(0.01, counts[0]), (0.02, counts[0] + counts[1]), (0.04, counts[0] + counts[1] + counts[2])],
            ..Figures::default()
        };
        pods.iter().map(|(pod, counts)| ((*pod).to_owned(), figures(*counts))).collect()
    }

    fn reaching(pods: &[(&str, Option<bool>)]) -> Scrape {
        let figures = |database_up| Figures { database_up, ..Figures::default() };
        pods.iter().map(|(pod, up)| ((*pod).to_owned(), figures(*up))).collect()
    }

    #[test]
    fn latency_is_that_of_the_quicker_commits_between_two_scrapes() {
        let mut scraped = Scraped::default();
        let first = scraped.add(committed(&[("a", [100, 0, 0]), ("b", [10, 0, 0])]));
        assert_eq!(first.commit_milliseconds, None, "nothing to compare with");
        // b started anew, c is new; of a's eight the second is just within 20 ms.
        let next = scraped.add(committed(&[("a", [100, 4, 4]), ("b", [5, 0, 0]), ("c", [3, 0, 0])]));
        assert_eq!(next.commit_milliseconds, Some(15.0));
        assert_eq!(scraped.add(committed(&[("a", [100, 4, 4])])).commit_milliseconds, None, "idle is not fast");
        let slow = scraped.add(committed(&[("a", [100, 4, 44])]));
        assert_eq!(slow.commit_milliseconds, Some(25.0));
    }

    #[test]
    fn a_database_is_away_when_nobody_reaches_it_twice() {
        let mut scraped = Scraped::default();
        let mut word = |pods: &[Option<bool>]| {
            let pods: Vec<_> = pods.iter().zip(["a", "b"]).map(|(up, pod)| (pod, *up)).collect();
            scraped.add(reaching(&pods)).database
        };
        assert_eq!(word(&[]), DatabaseWord::Unknown);
        assert_eq!(word(&[Some(true), None]), DatabaseWord::Reached { consumers: 1 });
        assert_eq!(word(&[Some(false), Some(false)]), DatabaseWord::Reached { consumers: 1 }, "once may be chance");
        assert_eq!(word(&[Some(false), Some(false)]), DatabaseWord::Unreachable { consumers: 2 });
        assert_eq!(word(&[Some(false), Some(true)]), DatabaseWord::Reached { consumers: 1 });
        assert_eq!(word(&[None]), DatabaseWord::Unknown);
    }
}
