//! A log of statements as transactions, and those in lanes that may run side by side.
//!
//! The consumer gives a partition to one worker, but a worker takes any connection of its pool. So what must stay
//! in order are the transactions that share a partition, not those of a connection.

use std::collections::BTreeMap;

/// One committed transaction.
#[derive(Debug, PartialEq, Eq)]
pub struct Transaction {
    /// Its statements from BEGIN to COMMIT, as one text.
    pub text: String,
    /// The partitions whose offsets it locked.
    pub partitions: Vec<i32>,
}

/// The transactions that locked offsets and committed, in the order of their locks, out of (connection, statement)
/// in the server's order.
pub fn transactions(statements: impl IntoIterator<Item = (u64, String)>) -> Vec<Transaction> {
    let mut open: BTreeMap<u64, (usize, Vec<String>)> = BTreeMap::new();
    let mut done = BTreeMap::new();
    for (place, (connection, statement)) in statements.into_iter().enumerate() {
        // MySQL logs a statement of several with the semicolon that ends it.
        let statement = statement.trim_end_matches([';', ' ', '\n']).to_owned();
        let word = statement.split_whitespace().next().unwrap_or_default().to_ascii_uppercase();
        match word.as_str() {
            "BEGIN" => drop(open.insert(connection, (place, vec![statement]))),
            "ROLLBACK" => drop(open.remove(&connection)),
            "COMMIT" => {
                if let Some((begun, mut texts)) = open.remove(&connection) {
                    let partitions = texts.iter().find_map(|text| locked_partitions(text)).unwrap_or_default();
                    texts.push(statement);
                    if !partitions.is_empty() {
                        done.insert(begun, Transaction { text: texts.join(";\n"), partitions });
                    }
                }
            }
            _ => {
                if let Some((begun, texts)) = open.get_mut(&connection) {
                    if locked_partitions(&statement).is_some() {
                        *begun = place;
                    }
                    texts.push(statement);
                }
            }
        }
    }
    done.into_values().collect()
}

/// The partitions of `SELECT … FROM consumer_offsets … partition_id IN (1,2) … FOR UPDATE`. Other statements may follow in
/// the same text: the consumer sends several in one round trip.
fn locked_partitions(text: &str) -> Option<Vec<i32>> {
    let (_, rest) = text.split_once("FROM consumer_offsets")?;
    let (_, list) = rest.split(';').next()?.split_once("partition_id IN (")?;
    let (list, rest) = list.split_once(')')?;
    let lock = rest.contains("FOR UPDATE");
    list.split(',').map(|number| number.trim().parse().ok()).collect::<Option<Vec<i32>>>().filter(|_| lock)
}

/// Transactions that share a partition, directly or through others, are one lane; their order stays.
pub fn lanes(transactions: Vec<Transaction>) -> Vec<Vec<String>> {
    let mut lane_of: BTreeMap<i32, i32> = BTreeMap::new();
    for transaction in &transactions {
        let known: Vec<i32> =
            transaction.partitions.iter().map(|partition| *lane_of.entry(*partition).or_insert(*partition)).collect();
        let Some(&lane) = known.first() else { continue };
        lane_of.values_mut().filter(|other| known.contains(other)).for_each(|other| *other = lane);
    }
    let mut lanes: BTreeMap<i32, Vec<String>> = BTreeMap::new();
    for transaction in transactions {
        lanes.entry(lane_of[&transaction.partitions[0]]).or_default().push(transaction.text);
    }
    lanes.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lock(partitions: &str) -> String {
        format!(
            "SELECT partition_id, `next` FROM consumer_offsets WHERE topic_id = 'x' AND partition_id IN ({partitions}) ORDER BY partition_id FOR UPDATE"
        )
    }

    fn log(statements: &[(u64, &str)]) -> Vec<Transaction> {
        transactions(statements.iter().map(|&(connection, text)| (connection, text.to_owned())))
    }

    #[test]
    fn only_committed_transactions_that_lock_offsets_count() {
        let (one, two) = (lock("1"), lock("1,2"));
        let found = log(&[
            (7, "BEGIN"),
            (7, &one),
            (8, "BEGIN"),
            (8, "SELECT 1"),
            (7, "ROLLBACK"),
            (8, "COMMIT"),
            (9, "SELECT 2"),
            (7, "BEGIN"),
            (7, &two),
            (7, "UPDATE x"),
            (7, "COMMIT"),
        ]);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].partitions, [1, 2]);
        assert_eq!(found[0].text, format!("BEGIN;\n{two};\nUPDATE x;\nCOMMIT"));
    }

    #[test]
    fn a_partition_stays_in_order_over_several_connections() {
        let (first, second, other) = (lock("1"), lock("1"), lock("5"));
        let found = log(&[
            (7, "BEGIN"),
            (8, "BEGIN"),
            (8, &first),
            (8, "first"),
            (8, "COMMIT"),
            (9, "BEGIN"),
            (9, &other),
            (7, &second),
            (7, "second"),
            (7, "COMMIT"),
            (9, "COMMIT"),
        ]);
        let lanes = lanes(found);
        assert_eq!(lanes.len(), 2);
        assert!(lanes[0][0].contains("first") && lanes[0][1].contains("second"), "{lanes:?}");
        assert_eq!(lanes[1].len(), 1);
    }

    #[test]
    fn partitions_are_joined_by_a_transaction_that_has_both() {
        let texts = [lock("1"), lock("2"), lock("3"), lock("2,1")];
        let statements: Vec<(u64, &str)> =
            texts.iter().flat_map(|text| [(1, "BEGIN"), (1, text.as_str()), (1, "COMMIT")]).collect();
        let sizes: Vec<usize> = lanes(log(&statements)).iter().map(Vec::len).collect();
        assert_eq!(sizes.iter().sum::<usize>(), 4);
        assert_eq!(sizes.len(), 2);
    }
}
