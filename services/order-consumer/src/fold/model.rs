//! What the tests of the fold share: events, a small catalogue, and a database that is a value.

use order_events::{Currency, Customer, Fingerprint, Money, OrderLine, OrderNumber, OrderPlaced, Payment};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;

pub(super) fn number(n: u8) -> OrderNumber {
    OrderNumber::from(Uuid::from_u128(u128::from(n)))
}

pub(super) fn money(amount: i64, currency: &str) -> Money {
    Money { amount, currency: Currency::new(currency).unwrap() }
}

pub(super) fn order(n: u8, body: u8, items: &[(u64, u32)]) -> OrderPlaced {
    OrderPlaced {
        event_id: Uuid::nil(),
        order_number: number(n),
        placed_at: jiff::Timestamp::UNIX_EPOCH,
        customer: Customer { name: "A".into(), email: "a@b.c".into(), address: "S".into() },
        items: items
            .iter()
            .map(|&(product_id, quantity)| OrderLine { product_id, quantity, unit_price: None })
            .collect(),
        payment: Payment { method: "card".into(), token: "t".into() },
        fingerprint: Fingerprint([body; 32]),
    }
}

pub(super) fn place(n: u8, body: u8, items: &[(u64, u32)], replay: bool) -> Kind {
    Kind::Place { order: Box::new(order(n, body, items)), replay }
}

pub(super) fn unusable(n: Option<u8>, create: bool, replay: bool) -> Kind {
    let number = n.map(number);
    Kind::Unusable(Unusable {
        reason: "UNDECODABLE",
        detail: String::new(),
        number,
        create,
        replay,
        fingerprint: None,
        email: None,
    })
}

pub(super) fn events(kinds: Vec<Kind>) -> Vec<Event> {
    kinds.into_iter().zip(0..).map(|(kind, offset)| Event { at: Position { partition: 0, offset }, kind }).collect()
}

/// Products 1 to 4 with stock 3 each, but 4 with none; 9 is not in the catalogue.
pub(super) fn catalogue() -> State {
    let product = |id: u64| Product {
        sku: format!("S{id}"),
        name: format!("P{id}"),
        price: money(100 * i64::try_from(id).unwrap(), "EUR"),
    };
    State {
        products: (1..=4).map(|id| (id, product(id))).collect(),
        stock: [(1, 3), (2, 3), (3, 3)].into(),
        ..State::default()
    }
}

pub(super) fn with_stored(status: Status, fingerprint: Option<u8>) -> State {
    let mut state = catalogue();
    let taken = if status == Status::Confirmed { vec![(1, 2)] } else { Vec::new() };
    let fingerprint = fingerprint.map(|byte| Fingerprint([byte; 32]));
    state.orders.insert(number(1), Stored { status, fingerprint, taken });
    state
}

/// What a database would hold afterwards: the conditional updates must find what they expect.
pub(super) fn apply(mut state: State, outcome: &Outcome) -> State {
    for new in &outcome.inserts {
        let taken = taken(&outcome.movements, new.number, new.status);
        let stored = Stored { status: new.status, fingerprint: new.fingerprint, taken };
        assert!(state.orders.insert(new.number, stored).is_none(), "inserted twice");
    }
    for change in &outcome.changes {
        let row = state.orders.get_mut(&change.number).expect("an update needs its row");
        assert_eq!(row.status, change.from);
        row.status = change.to;
        row.taken = taken(&outcome.movements, change.number, change.to);
    }
    for number in &outcome.pending_added {
        assert!(state.pending_cancels.insert(*number));
    }
    for number in &outcome.pending_removed {
        assert!(state.pending_cancels.remove(number));
    }
    for (product, delta) in &outcome.stock {
        *state.stock.entry(*product).or_insert(0) += delta;
    }
    state
}

pub(super) fn taken(movements: &[Movement], number: OrderNumber, status: Status) -> Vec<(u64, i64)> {
    let mine = movements.iter().filter(|m| m.number == number && m.reason == MovementReason::Order);
    if status == Status::Confirmed { mine.map(|m| (m.product, -m.delta)).collect() } else { Vec::new() }
}

pub(super) fn any_kind() -> impl Strategy<Value = Kind> {
    let item = (prop_oneof![4 => 1_u64..=4, 1 => Just(9)], 1_u32..=3);
    let items = prop::collection::vec(item, 1..4);
    prop_oneof![
        6 => (0_u8..6, 0_u8..2, items, prop::bool::weighted(0.2)).prop_map(|(n, body, items, replay)| place(n, body, &items, replay)),
        3 => (0_u8..6).prop_map(|n| Kind::Cancel(number(n))),
        1 => (prop::option::of(0_u8..6), any::<bool>(), any::<bool>()).prop_map(|(n, create, replay)| unusable(n, create, replay)),
    ]
}
