//! The batch protocol against a model: two processes that both believe to own both partitions, batches of any size and mixture, and
//! an end of any kind after each. The database is a value; a batch changes it as a whole or not at all, by compare-and-set. Letters
//! go to their topic before that, so that an end may lie between. Between batches the database, or its offsets alone, may be put
//! back to an earlier state.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::model::{any_kind, apply, catalogue};
use super::*;

const PARTITIONS: usize = 2;

/// How an attempt ends.
#[derive(Clone, Copy, Debug)]
enum End {
    Committed,
    /// Killed after its letters were published, before the batch ran again.
    Lettered,
    /// Killed, or rolled back, before its commit.
    Lost,
    /// Committed, but the answer got lost: the process believes that nothing happened.
    Unknown,
    /// Killed right after its commit: the process knows nothing any more.
    Killed,
}

#[derive(Clone, Debug)]
struct Attempt {
    process: usize,
    sizes: [usize; PARTITIONS],
    end: End,
    before: Disturbance,
}

/// What somebody did to the database before a batch.
#[derive(Clone, Copy, Debug)]
enum Disturbance {
    None,
    /// Put back to what it was so many commits ago.
    Restored(usize),
    /// Only a partition's offset was put back, by so much.
    Rewound(usize, usize),
}

#[derive(Clone)]
struct Database {
    state: State,
    next: [usize; PARTITIONS],
    totals: [Totals; PARTITIONS],
    /// `dead_letters`, which has a record once.
    letters: BTreeSet<Position>,
}

/// The database, what it was before, and what outlives it.
struct World {
    database: Database,
    before: Vec<Database>,
    /// The dead-letter topic; a letter may be in it more than once.
    topic: Vec<Position>,
}

/// What a process believes of each row; None: it has to read it.
type Beliefs = [Option<usize>; PARTITIONS];

fn run(log: &[Vec<Kind>; PARTITIONS], world: &mut World, beliefs: &mut Beliefs, attempt: &Attempt) {
    disturb(world, attempt.before);
    let database = &mut world.database;
    let mut batch = Vec::new();
    let mut to = database.next;
    for partition in 0..PARTITIONS {
        let from = *beliefs[partition].get_or_insert(database.next[partition]);
        let records = log[partition].iter().enumerate().skip(from).take(attempt.sizes[partition]);
        let before = batch.len();
        batch.extend(records.map(|(offset, kind)| event(partition, offset, kind)));
        if batch.len() == before {
            continue;
        }
        if from != database.next[partition] {
            // The compare-and-set misses: the partition is taken out and its row read again.
            batch.truncate(before);
            beliefs[partition] = None;
            continue;
        }
        to[partition] = from + batch.len() - before;
    }
    let outcome = fold(database.state.clone(), batch);
    let new: Vec<Position> =
        outcome.letters.iter().map(|letter| letter.at).filter(|at| !database.letters.contains(at)).collect();
    world.topic.extend(&new);
    if matches!(attempt.end, End::Committed | End::Unknown | End::Killed) {
        world.before.push(database.clone());
        database.state = apply(database.state.clone(), &outcome);
        database.next = to;
        assert!(new.iter().all(|at| database.letters.insert(*at)), "a letter's row was there");
        for (partition, totals) in &outcome.totals {
            add(&mut database.totals[usize::try_from(*partition).unwrap()], totals);
        }
    }
    match attempt.end {
        End::Committed => (0..PARTITIONS).for_each(|p| beliefs[p] = beliefs[p].map(|_| to[p])),
        End::Lost | End::Unknown => {}
        End::Killed | End::Lettered => *beliefs = [None; PARTITIONS],
    }
}

fn disturb(world: &mut World, disturbance: Disturbance) {
    match disturbance {
        Disturbance::None => {}
        Disturbance::Restored(commits) => {
            for _ in 0..commits {
                if let Some(before) = world.before.pop() {
                    world.database = before;
                }
            }
        }
        Disturbance::Rewound(partition, by) => {
            let next = &mut world.database.next[partition];
            *next = next.saturating_sub(by);
        }
    }
}

/// The sweep: pending cancels whose order exists.
fn sweep(database: &mut Database) {
    let waiting: BTreeSet<OrderNumber> =
        database.state.pending_cancels.iter().copied().filter(|n| database.state.orders.contains_key(n)).collect();
    let at = Position { partition: 0, offset: 0 };
    let cancels = waiting.iter().map(|number| Event { at, kind: Kind::Cancel(*number) }).collect();
    let mut outcome = fold(database.state.clone(), cancels);
    outcome.pending_removed = waiting;
    database.state = apply(database.state.clone(), &outcome);
}

fn event(partition: usize, offset: usize, kind: &Kind) -> Event {
    let at = Position { partition: i32::try_from(partition).unwrap(), offset: i64::try_from(offset).unwrap() };
    Event { at, kind: kind.clone() }
}

fn add(sum: &mut Totals, totals: &Totals) {
    sum.creates += totals.creates;
    sum.new += totals.new;
    sum.duplicates += totals.duplicates;
    sum.conflicts += totals.conflicts;
    sum.failed += totals.failed;
    sum.replays += totals.replays;
    sum.replayed_new += totals.replayed_new;
    sum.cancels += totals.cancels;
    sum.other += totals.other;
}

/// All attempts, then one process to the end of the log.
fn play(state: State, log: &[Vec<Kind>; PARTITIONS], attempts: &[Attempt]) -> World {
    let database = Database { state, next: [0; PARTITIONS], totals: Default::default(), letters: BTreeSet::new() };
    let mut world = World { database, before: Vec::new(), topic: Vec::new() };
    let mut processes = [[None; PARTITIONS]; 2];
    for attempt in attempts {
        run(log, &mut world, &mut processes[attempt.process], attempt);
    }
    let last = Attempt { process: 0, sizes: [7; PARTITIONS], end: End::Committed, before: Disturbance::None };
    while (0..PARTITIONS).any(|partition| world.database.next[partition] < log[partition].len()) {
        run(log, &mut world, &mut processes[0], &last);
    }
    world
}

/// An order's events share a partition, as the key makes them.
fn split(kinds: Vec<Kind>) -> [Vec<Kind>; PARTITIONS] {
    let mut log: [Vec<Kind>; PARTITIONS] = Default::default();
    for kind in kinds {
        let number = match &kind {
            Kind::Place { order, .. } => Some(order.order_number),
            Kind::Cancel(number) => Some(*number),
            Kind::Unusable(unusable) => unusable.number,
        };
        let partition = number.map_or(0, |number| number.as_uuid().as_u128() % 2);
        log[usize::try_from(partition).unwrap()].push(kind);
    }
    log
}

fn any_attempt() -> impl Strategy<Value = Attempt> {
    let end = prop_oneof![
        4 => Just(End::Committed),
        1 => Just(End::Lettered),
        1 => Just(End::Lost),
        1 => Just(End::Unknown),
        1 => Just(End::Killed),
    ];
    let before = prop_oneof![
        12 => Just(Disturbance::None),
        1 => (1..4_usize).prop_map(Disturbance::Restored),
        1 => (0..PARTITIONS, 1..9_usize).prop_map(|(partition, by)| Disturbance::Rewound(partition, by)),
    ];
    (0..2_usize, [0..5_usize, 0..5_usize], end, before).prop_map(|(process, sizes, end, before)| Attempt {
        process,
        sizes,
        end,
        before,
    })
}

/// Offsets put back count records twice: the totals then say more than the log.
fn counts_once(attempts: &[Attempt]) -> bool {
    !attempts.iter().any(|attempt| matches!(attempt.before, Disturbance::Rewound(..)))
}

fn plenty() -> State {
    let mut state = catalogue();
    state.stock = (1..=4).map(|product| (product, 1_000_000)).collect();
    state
}

proptest! {
    #[test]
    fn whatever_happens_the_end_is_as_if_nothing_had(
        kinds in prop::collection::vec(any_kind(), 0..40),
        attempts in prop::collection::vec(any_attempt(), 0..30),
    ) {
        // With plenty of stock orders do not depend on one another, so there is one right end.
        let log = split(kinds);
        let (quiet, wild) = (play(plenty(), &log, &[]), play(plenty(), &log, &attempts));
        let (quiet, topic, wild) = (quiet.database, wild.topic, wild.database);
        prop_assert_eq!(quiet.state.orders, wild.state.orders);
        prop_assert_eq!(quiet.state.pending_cancels, wild.state.pending_cancels);
        prop_assert_eq!(quiet.state.stock, wild.state.stock);
        prop_assert!(wild.letters.is_superset(&quiet.letters));
        prop_assert!(wild.letters.iter().all(|at| topic.contains(at)), "a row without its letter");
        if counts_once(&attempts) {
            prop_assert_eq!((quiet.totals, quiet.letters), (wild.totals, wild.letters));
        }
    }

    #[test]
    fn scarce_stock_is_never_oversold_and_every_record_counts_once(
        kinds in prop::collection::vec(any_kind(), 0..40),
        attempts in prop::collection::vec(any_attempt(), 0..30),
    ) {
        let log = split(kinds);
        let end = play(catalogue(), &log, &attempts).database;
        check_stock(&end.state)?;
        if !counts_once(&attempts) {
            return Ok(());
        }
        for (partition, records) in log.iter().enumerate() {
            prop_assert_eq!(end.totals[partition].records(), u64::try_from(records.len()).unwrap());
        }
        let rows = u64::try_from(end.state.orders.len()).unwrap();
        let without_number = |kind: &&Kind| matches!(kind, Kind::Unusable(Unusable { create: true, replay: false, number: None, .. }));
        let nameless = log.iter().flatten().filter(without_number).count();
        let made: u64 = end.totals.iter().map(|totals| totals.new + totals.failed + totals.replayed_new).sum();
        prop_assert_eq!(rows + u64::try_from(nameless).unwrap(), made);
    }

    #[test]
    fn after_the_topic_grew_the_sweep_leaves_no_cancel_waiting_for_an_order_that_is_there(
        kinds in prop::collection::vec((any_kind(), 0..PARTITIONS), 0..40),
        attempts in prop::collection::vec(any_attempt(), 0..30),
    ) {
        // Cancels lie anywhere: one order's events are in two partitions.
        let mut log = split(kinds.iter().filter(|(kind, _)| !matches!(kind, Kind::Cancel(_))).map(|(kind, _)| kind.clone()).collect());
        let mut cancelled = BTreeSet::new();
        for (kind, partition) in kinds {
            if let Kind::Cancel(number) = kind {
                cancelled.insert(number);
                log[partition].push(kind);
            }
        }
        let mut end = play(catalogue(), &log, &attempts).database;
        sweep(&mut end);
        check_stock(&end.state)?;
        for number in cancelled {
            let order = end.state.orders.get(&number);
            prop_assert_eq!(order.is_none(), end.state.pending_cancels.contains(&number));
            let status = order.map(|order| order.status);
            prop_assert!(matches!(status, None | Some(Status::Cancelled | Status::Rejected)), "{:?}", status);
        }
    }
}

/// Never below 0, and what is available and what is held is what there was.
fn check_stock(state: &State) -> Result<(), TestCaseError> {
    let start = catalogue().stock;
    for (product, available) in &state.stock {
        prop_assert!(*available >= 0);
        let held = state.orders.values().flat_map(|stored| &stored.taken).filter(|(taken, _)| taken == product);
        prop_assert_eq!(available + held.map(|(_, units)| units).sum::<i64>(), *start.get(product).unwrap_or(&0));
    }
    Ok(())
}
