//! The follower's work on one connection after the other: build, read what is new, close gaps, prune.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::time::{Duration, Instant};

use sqlx::MySqlConnection;
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use super::build::{self, Built};
use super::log::{self, Change, Standing};
use super::metrics::BuildOutcome;
use super::position::Position;
use super::prune::{Settled, prune};
use super::{FollowError, Follower, Live, Without, gaps, timely};
use crate::folding::compare::{Comparison, compare};
use crate::index::{Index, Text};

/// Changes read at once.
const BATCH: u32 = 1000;
/// A table that was too large may have shrunk.
const TRY_AGAIN: Duration = Duration::from_secs(600);

/// What outlives a connection.
pub(super) struct Session<'a> {
    follower: &'a Follower,
    followed: Option<Followed>,
    settled: Settled,
    next_prune: Instant,
    next_sizes: Instant,
}

/// The position is followed without an index, too: gaps must be closed and the log pruned.
struct Followed {
    position: Position,
    index: Result<Index, (Without, Instant)>,
}

impl<'a> Session<'a> {
    pub(super) fn new(follower: &'a Follower) -> Self {
        let now = Instant::now();
        let next_prune = now + follower.following.keep.prune_every;
        Self { follower, followed: None, settled: Settled::default(), next_prune, next_sizes: now }
    }

    /// Until the connection fails.
    pub(super) async fn follow(&mut self, mut connection: MySqlConnection) -> Result<Infallible, FollowError> {
        let folds = self.folds_alike(&mut connection).await?;
        loop {
            let full = match self.followed.take() {
                Some(followed) => self.step(&mut connection, followed).await?,
                None => {
                    self.start(&mut connection, folds).await?;
                    true
                }
            };
            if !full {
                self.upkeep(&mut connection).await?;
                sleep(self.follower.following.every).await;
            }
        }
    }

    /// Asked on each new connection: the server may have become another one.
    async fn folds_alike(&mut self, connection: &mut MySqlConnection) -> Result<bool, FollowError> {
        let comparison = timely(compare(&self.follower.folding, connection)).await?;
        self.follower.metrics.folding_differs(matches!(comparison, Comparison::Differs(_)));
        match comparison {
            Comparison::Same => {}
            Comparison::NoTable => return Err(FollowError::NoTable),
            Comparison::Differs(how) => {
                tracing::error!(how, "the server compares otherwise than this program: searches go by LIKE");
                self.drop_index(Without::FoldingDiffers);
                return Ok(false);
            }
        }
        // What was kept without an index for that reason may have one now.
        if self.followed.as_ref().is_some_and(|f| matches!(f.index, Err((Without::FoldingDiffers, _)))) {
            self.followed = None;
        }
        Ok(true)
    }

    fn drop_index(&mut self, why: Without) {
        if let Some(followed) = &mut self.followed {
            followed.index = Err((why, Instant::now()));
        }
        self.follower.published.set(Err(why));
    }

    /// Begins anew, with the changes that are not pruned yet.
    async fn start(&mut self, connection: &mut MySqlConnection, folds: bool) -> Result<(), FollowError> {
        let Follower { folding, following, metrics, published, .. } = self.follower;
        let position = build::position(connection).await?;
        let index = if folds {
            let begun = Instant::now();
            let built = build::build(connection, folding, following.shape, following.memory, metrics).await;
            match built.inspect_err(|_| metrics.built(BuildOutcome::Failed, begun.elapsed()))? {
                Built::Index(index) => {
                    metrics.built(BuildOutcome::Built, begun.elapsed());
                    let size = index.size();
                    tracing::info!(products = size.products, bytes = size.bytes, took = ?begun.elapsed(), "index built");
                    Ok(index)
                }
                Built::TooLarge(bytes) => {
                    metrics.built(BuildOutcome::TooLarge, begun.elapsed());
                    tracing::warn!(bytes, allowed = following.memory, "the index is too large: searches go by LIKE");
                    Err((Without::TooLarge, Instant::now()))
                }
            }
        } else {
            Err((Without::FoldingDiffers, Instant::now()))
        };
        published.set(live(&position, &index));
        self.followed = Some(Followed { position, index });
        Ok(())
    }

    /// Reads what is new, applies it and publishes it. True when there is more.
    async fn step(&mut self, connection: &mut MySqlConnection, followed: Followed) -> Result<bool, FollowError> {
        let (again, published) = (&mut self.followed, &self.follower.published);
        // Kept for the next connection, should this one fail here.
        let Followed { mut position, index } = again.insert(followed).copy();
        let (pruned_to, changes) = timely(log::tail(connection, &position, BATCH)).await?;
        let mark = changes.iter().map(|change| &change.mark).find(|mark| mark.seq == position.applied());
        let standing = Standing::of(&position, pruned_to, mark);
        if standing != Standing::Sound {
            let why = if standing == Standing::Overtaken { Without::Overtaken } else { Without::AnotherLog };
            tracing::warn!(pruned_to, watermark = position.watermark(), ?why, "the index is built anew");
            *again = None;
            published.set(Err(why));
            return Ok(true);
        }
        let committed = timely(log::committed(connection, position.gaps())).await?;
        let full = changes.len() as u32 >= BATCH;
        let known = position.applied();
        // Read last, so they hold the newest text of a product that is in both.
        let new: Vec<Change> = changes.into_iter().filter(|c| c.mark.seq > known).chain(committed).collect();
        if new.is_empty() && !index.as_ref().is_ok_and(Index::is_due) {
            self.follower.metrics.followed(&position, 0);
            return Ok(false);
        }
        let count = new.len();
        let mut changed = BTreeMap::new();
        for Change { mark, texts } in new {
            position.saw(mark.seq);
            // The same statement gave a product's text to all its changes.
            let text = texts.map(|(name, description)| Text::new(&name, &description, &self.follower.folding));
            changed.insert(mark.product_id, text);
            position.remember(mark);
        }
        self.follower.metrics.followed(&position, count);
        let index = self.applied(index, changed).await?;
        self.follower.published.set(live(&position, &index));
        self.followed = Some(Followed { position, index });
        Ok(full)
    }

    /// The index with these changes, and with one part made anew if any is due. The others have their turn in the next
    /// steps: what is replaced stays in memory until the new index is published, and the limit allows for one part.
    async fn applied(
        &self,
        index: Result<Index, (Without, Instant)>,
        changed: BTreeMap<u64, Option<Text>>,
    ) -> Result<Result<Index, (Without, Instant)>, FollowError> {
        let Ok(index) = index else { return Ok(index) };
        let allowed = self.follower.following.memory;
        let work = move || {
            let index = index.with(changed);
            let index = index.compacted().unwrap_or(index);
            let peak = index.size().peak();
            (index, peak)
        };
        let (index, peak) = spawn_blocking(work).await.map_err(|_| FollowError::Thread)?;
        if peak > allowed {
            tracing::warn!(bytes = peak, allowed, "the index has grown too large: searches go by LIKE");
            return Ok(Err((Without::TooLarge, Instant::now())));
        }
        Ok(Ok(index))
    }

    /// What need not be done after every change.
    async fn upkeep(&mut self, connection: &mut MySqlConnection) -> Result<(), FollowError> {
        let Some(Followed { position, index }) = &mut self.followed else { return Ok(()) };
        let now = Instant::now();
        let before = position.gaps().len();
        if before > 0 {
            timely(gaps::examine(connection, position)).await?;
            if position.gaps().len() != before {
                self.follower.published.set(live(position, index));
            }
        }
        self.settled.note(position, now);
        if now >= self.next_sizes {
            self.next_sizes = now + Duration::from_secs(1);
            self.follower.metrics.index(index.as_ref().ok());
        }
        if matches!(index, Err((Without::TooLarge, since)) if since.elapsed() > TRY_AGAIN) {
            self.followed = None;
            return Ok(());
        }
        if now >= self.next_prune {
            self.next_prune = now + self.follower.following.keep.prune_every;
            let pruned = prune(connection, &mut self.settled, &self.follower.following.keep).await?;
            self.follower.metrics.pruned(pruned.unwrap_or_default());
        }
        Ok(())
    }
}

impl Followed {
    fn copy(&self) -> Self {
        Self { position: self.position.clone(), index: self.index.clone() }
    }
}

fn live(position: &Position, index: &Result<Index, (Without, Instant)>) -> Result<Live, Without> {
    match index {
        Ok(index) => Ok(Live { index: index.clone(), position: position.clone() }),
        Err((why, _)) => Err(*why),
    }
}
