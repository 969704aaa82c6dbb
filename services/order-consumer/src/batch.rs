//! A batch: what one transaction takes from the log, and how it is cut when MySQL refuses it.

use std::sync::Arc;

use kafka_offsets::TopicId;

use crate::record::Record;

/// The records of one partition in a batch, in log order and without holes among the readable ones.
#[derive(Clone, Debug)]
pub struct Slice {
    /// The partition.
    pub partition: i32,
    /// `next` as this process read it or last wrote it. Never a record's offset: the log has holes (transaction markers), and
    /// the row is what fences.
    pub from: i64,
    /// At least one record.
    pub records: Vec<Arc<Record>>,
}

impl Slice {
    /// `next` after this slice: behind its last record.
    pub fn to(&self) -> i64 {
        self.records.last().map_or(self.from, |record| record.at.offset + 1)
    }
}

/// Slices of partitions of one topic (one topic id), by partition number.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Kafka's id of the topic.
    pub topic_id: TopicId,
    /// At most one per partition, in partition order.
    pub slices: Vec<Slice>,
}

impl Batch {
    /// Number of records.
    pub fn len(&self) -> usize {
        self.slices.iter().map(|slice| slice.records.len()).sum()
    }

    /// True when there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.slices.iter().all(|slice| slice.records.is_empty())
    }

    /// The batch's records, partition by partition in log order.
    pub fn records(&self) -> impl Iterator<Item = &Arc<Record>> {
        self.slices.iter().flat_map(|slice| &slice.records)
    }

    /// Cuts each partition's records at a log position; the earlier half must commit before the later one runs. None for a
    /// single record.
    pub fn cut(mut self) -> Result<(Self, Self), Self> {
        if self.len() < 2 {
            return Err(self);
        }
        let earlier = if self.slices.iter().any(|slice| slice.records.len() > 1) {
            self.cut_records()
        } else {
            let later = self.slices.split_off(self.slices.len() / 2);
            std::mem::replace(&mut self.slices, later)
        };
        Ok((Self { topic_id: self.topic_id.clone(), slices: earlier }, self))
    }

    /// Leaves the later halves in place and gives the earlier ones.
    fn cut_records(&mut self) -> Vec<Slice> {
        let mut earlier = Vec::new();
        for slice in &mut self.slices {
            let later = slice.records.split_off(slice.records.len() / 2);
            let records = std::mem::replace(&mut slice.records, later);
            if !records.is_empty() {
                let first = Slice { partition: slice.partition, from: slice.from, records };
                slice.from = first.to();
                earlier.push(first);
            }
        }
        earlier
    }

    /// Without these partitions.
    pub fn without(mut self, partitions: &[i32]) -> Self {
        self.slices.retain(|slice| !partitions.contains(&slice.partition));
        self
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::position::Position;

    pub(crate) fn record(partition: i32, offset: i64) -> Arc<Record> {
        Arc::new(Record {
            at: Position { partition, offset },
            timestamp: None,
            log_append_time: false,
            key: None,
            value: None,
            headers: Vec::new(),
        })
    }

    fn batch(sizes: &[usize]) -> Batch {
        let slices = sizes.iter().enumerate().map(|(partition, size)| {
            let partition = i32::try_from(partition).unwrap();
            // Every other offset is a marker.
            let records = (0..*size).map(|n| record(partition, 10 + 2 * i64::try_from(n).unwrap())).collect();
            Slice { partition, from: 9, records }
        });
        Batch { topic_id: TopicId::from_text("t"), slices: slices.collect() }
    }

    proptest! {
        #[test]
        fn halves_are_the_whole_and_follow_on(sizes in proptest::collection::vec(1_usize..9, 1..6)) {
            let whole = batch(&sizes);
            let count = whole.len();
            match whole.clone().cut() {
                Err(single) => prop_assert_eq!(single.len(), 1),
                Ok((earlier, later)) => {
                    prop_assert!(!earlier.is_empty() && !later.is_empty());
                    prop_assert_eq!(earlier.len() + later.len(), count);
                    for slice in &whole.slices {
                        let first = earlier.slices.iter().find(|s| s.partition == slice.partition);
                        let second = later.slices.iter().find(|s| s.partition == slice.partition);
                        let joined: Vec<_> = first.iter().chain(&second).flat_map(|s| s.records.clone()).collect();
                        prop_assert_eq!(&joined, &slice.records);
                        if let (Some(first), Some(second)) = (first, second) {
                            prop_assert_eq!((first.from, first.to()), (slice.from, second.from));
                            prop_assert_eq!(second.to(), slice.to());
                        }
                    }
                }
            }
        }

        #[test]
        fn cutting_finds_any_single_record(sizes in proptest::collection::vec(1_usize..40, 1..6), pick in any::<prop::sample::Index>()) {
            let whole = batch(&sizes);
            let poison = whole.records().nth(pick.index(whole.len())).unwrap().at;
            let (mut stack, mut committed, mut found, mut attempts) = (vec![whole], 0, 0, 0);
            while let Some(batch) = stack.pop() {
                attempts += 1;
                if !batch.records().any(|record| record.at == poison) {
                    committed += batch.len();
                    continue;
                }
                match batch.cut() {
                    Ok((earlier, later)) => stack.extend([later, earlier]),
                    Err(_) => found += 1,
                }
            }
            prop_assert_eq!((found, committed), (1, sizes.iter().sum::<usize>() - 1));
            prop_assert!(attempts <= 40, "{} attempts", attempts);
        }
    }
}
