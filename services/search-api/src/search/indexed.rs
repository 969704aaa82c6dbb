//! Search by the index: which products to look at it says, all else MySQL does, in one statement a page.
//!
//! That statement reads the candidates by primary key and, from the same instant, every product that changed after the
//! index's position; on both it asks LIKE again. So an answer is never stale and never wrong, whatever the index knows.

use std::collections::BTreeMap;
use std::iter::repeat_n;
use std::sync::Arc;

use prometheus_client::encoding::EncodeLabelValue;
use sqlx::Row;
use sqlx::mysql::MySqlRow;

use super::pattern::{ESCAPE, contains};
use crate::database::{ReadError, Reads, Statement};
use crate::folding::Folding;
use crate::follow::log::{Delta, PRUNED, Standing, mark};
use crate::follow::position::Position;
use crate::follow::{Live, Published, Without};
use crate::index::needle::Needle;
use crate::products::Product;

/// More changes than this beside one search: the index is too far behind to be of use.
const MOST_CHANGES: usize = 4000;
/// Statements for one page, should so many candidates vanish while it is read.
const MOST_ROUNDS: usize = 50;
/// Statements are prepared for these numbers of candidates, so that a server keeps few of them. A page of the default
/// size and its look ahead is 21.
const CANDIDATES: [usize; 5] = [1, 5, 21, 64, 201];

/// Why the index could not answer.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq, EncodeLabelValue)]
pub(super) enum Why {
    Building,
    FoldingDiffers,
    TooLarge,
    Overtaken,
    AnotherLog,
    /// More changes than a search should read.
    ManyChanges,
    /// Reading them took too long.
    SlowChanges,
    /// Candidates kept vanishing.
    Shrinking,
}

impl From<Without> for Why {
    fn from(without: Without) -> Self {
        match without {
            Without::Building => Self::Building,
            Without::FoldingDiffers => Self::FoldingDiffers,
            Without::TooLarge => Self::TooLarge,
            Without::Overtaken => Self::Overtaken,
            Without::AnotherLog => Self::AnotherLog,
        }
    }
}

#[derive(Clone, Debug)]
pub(super) struct Indexed {
    reads: Reads,
    published: Published,
    folding: Arc<Folding>,
}

impl Indexed {
    pub(super) fn new(reads: Reads, published: Published, folding: Arc<Folding>) -> Self {
        Self { reads, published, folding }
    }

    /// The `wanted` products with the lowest ids above `after` whose name or description contains `text`, or why LIKE
    /// must find them.
    pub(super) async fn page(
        &self,
        text: &str,
        mut after: u64,
        wanted: usize,
    ) -> Result<Result<Vec<Product>, Why>, ReadError> {
        let Some(needle) = Needle::new(text, &self.folding) else { return Ok(Ok(Vec::new())) };
        let pattern = contains(text);
        let mut page: Vec<Product> = Vec::with_capacity(wanted);
        for _ in 0..MOST_ROUNDS {
            let published = self.published.now();
            let Live { index, position } = match published.as_ref() {
                Ok(live) => live,
                Err(without) => return Ok(Err((*without).into())),
            };
            let missing = wanted - page.len();
            let candidates = index.search(&needle, after, missing);
            // Up to here the index has named all candidates; products that changed are known without end.
            let end = if candidates.len() < missing { u64::MAX } else { candidates[missing - 1] };
            let statement = statement(&Delta::of(position), &candidates, &pattern, after);
            let rows = match self.reads.keyed(&statement).await {
                Err(ReadError::TooSlow) => return Ok(Err(Why::SlowChanges)),
                rows => rows?,
            };
            let found = match Found::read(&rows, position).map_err(ReadError::Refused)? {
                Ok(found) => found,
                Err(why) => return Ok(Err(why)),
            };
            page.extend(found.products.into_values().filter(|product| product.id <= end).take(missing));
            if page.len() >= wanted || end == u64::MAX {
                return Ok(Ok(page));
            }
            after = end;
        }
        Ok(Err(Why::Shrinking))
    }
}

/// What one statement gave: products that contain the text now, by id.
struct Found {
    products: BTreeMap<u64, Product>,
}

impl Found {
    fn read(rows: &[MySqlRow], position: &Position) -> Result<Result<Self, Why>, sqlx::Error> {
        let mut products = BTreeMap::new();
        let (mut pruned_to, mut changes, mut at_position) = (0, 0, None);
        for row in rows {
            if let Some(to) = row.try_get("pruned_to")? {
                pruned_to = to;
            }
            if let Some(mark) = mark(row)? {
                changes += 1;
                if mark.seq == position.applied() {
                    at_position = Some(mark);
                }
            }
            // None: this change's product is gone, or does not contain the text.
            if row.try_get::<Option<u64>, _>("id")?.is_some() {
                let product = Product::from_row(row)?;
                products.insert(product.id, product);
            }
        }
        Ok(match Standing::of(position, pruned_to, at_position.as_ref()) {
            _ if changes >= MOST_CHANGES => Err(Why::ManyChanges),
            Standing::Sound => Ok(Self { products }),
            Standing::Overtaken => Err(Why::Overtaken),
            Standing::AnotherLog => Err(Why::AnotherLog),
        })
    }
}

/// Changes since the index's position with their products, and the candidates: what contains the text, of both.
fn statement(delta: &Delta, candidates: &[u64], pattern: &str, after: u64) -> Statement {
    let columns = Product::COLUMNS;
    let like = format!("(p.name LIKE ? ESCAPE '{ESCAPE}' OR p.description LIKE ? ESCAPE '{ESCAPE}')");
    let condition = delta.condition();
    let changed = format!(
        "(SELECT s.pruned_to, c.seq, c.product_id, CAST(c.changed_at AS CHAR) AS changed_at, {columns} \
         FROM {PRUNED} LEFT JOIN product_changes c ON {condition} \
         LEFT JOIN products p ON p.id = c.product_id AND p.id > ? AND {like} \
         LEFT JOIN inventory i ON i.product_id = p.id LIMIT {MOST_CHANGES})"
    );
    let Some(last) = candidates.last() else {
        return bound(Statement::new(changed), delta.values().chain([after]), pattern);
    };
    let size = CANDIDATES.into_iter().find(|size| *size >= candidates.len()).unwrap_or(candidates.len());
    let places = vec!["?"; size].join(",");
    let kept = format!(
        "(SELECT NULL, NULL, NULL, NULL, {columns} FROM products p LEFT JOIN inventory i ON i.product_id = p.id \
         WHERE p.id IN ({places}) AND {like})"
    );
    let statement = Statement::new(format!("{changed} UNION ALL {kept}"));
    let statement = bound(statement, delta.values().chain([after]), pattern);
    let filled = candidates.iter().copied().chain(repeat_n(*last, size - candidates.len()));
    bound(statement, filled, pattern)
}

fn bound(statement: Statement, numbers: impl Iterator<Item = u64>, pattern: &str) -> Statement {
    numbers.fold(statement, Statement::number).text(pattern).text(pattern)
}
