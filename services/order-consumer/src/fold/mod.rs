//! The heart of the consumer: events in log order over what is stored, to what is to be stored. Pure: no clock, no
//! I/O, no randomness.
//!
//! | event | nothing stored | FAILED | CONFIRMED, REJECTED, CANCELLED |
//! | --- | --- | --- | --- |
//! | create | CONFIRMED or REJECTED; with a pending cancel CANCELLED, no stock | same or no fingerprint: duplicate; else conflict | the same |
//! | create with `replay-of` | as a create | CONFIRMED, REJECTED | duplicate, whatever its body |
//! | cancel | pending cancel | CANCELLED | CONFIRMED: CANCELLED, stock back once; else nothing |
//! | unusable create | FAILED | stays | stays |
//!
//! Invariants, property-tested in `tests.rs`: stock never falls below 0; stock changes by exactly the sum of the movements; all
//! of an order or nothing of it; cutting a batch anywhere changes nothing in the end; every record is counted once.

mod event;
#[cfg(test)]
mod model;
mod offer;
mod outcome;
#[cfg(test)]
mod protocol;
mod state;
#[cfg(test)]
mod tests;

pub use event::{Event, Kind, Unusable};
pub use offer::{Line, Rejection};
pub use outcome::{Change, Letter, Movement, MovementReason, NewOrder, Outcome, Placement, Totals};
pub use state::{Product, State, Status, Stored};

use std::collections::BTreeMap;

use order_events::{OrderNumber, OrderPlaced};

use crate::dead_letter::reason;
use crate::position::Position;
use offer::{Offer, judge};

/// Folds the events over `state`. `state` must hold whatever is stored of the orders, products and stock that the
/// events name; what is missing in it counts as not stored.
pub fn fold(state: State, events: Vec<Event>) -> Outcome {
    let mut fold = Fold { state, drafts: BTreeMap::new(), outcome: Outcome::default() };
    for event in events {
        fold.event(event);
    }
    fold.finish()
}

/// An order that this batch touched.
struct Draft {
    /// What the table says; none: no row yet.
    base: Option<Status>,
    placement: Option<Placement>,
    email: Option<String>,
    reason: Option<&'static str>,
}

struct Fold {
    state: State,
    drafts: BTreeMap<OrderNumber, Draft>,
    outcome: Outcome,
}

impl Fold {
    fn event(&mut self, event: Event) {
        match event.kind {
            Kind::Place { order, replay } => self.create(event.at, *order, replay),
            Kind::Cancel(number) => {
                self.totals(event.at).cancels += 1;
                self.cancel(event.at, number);
            }
            Kind::Unusable(unusable) => self.unusable(event.at, unusable),
        }
    }

    fn create(&mut self, at: Position, order: OrderPlaced, replay: bool) {
        let stored = self.state.orders.get(&order.order_number).map(|stored| (stored.status, stored.fingerprint));
        self.totals(at).count(replay);
        match stored {
            None => {
                let totals = self.totals(at);
                *(if replay { &mut totals.replayed_new } else { &mut totals.new }) += 1;
                self.place(at, order);
            }
            Some((Status::Failed, _)) if replay => self.place(at, order),
            Some(_) if replay => {}
            Some((_, fingerprint)) if fingerprint.is_none_or(|known| known == order.fingerprint) => {
                self.totals(at).duplicates += 1;
            }
            Some(_) => {
                self.totals(at).conflicts += 1;
                let detail = "another order has this number already: same shopper and key, other content".to_owned();
                self.letter(at, reason::CONFLICT, detail, Some(order.order_number));
            }
        }
    }

    fn place(&mut self, at: Position, order: OrderPlaced) {
        let number = order.order_number;
        let Offer { lines, total, rejection, demand } = judge(&order, &self.state);
        let cancelled = self.state.pending_cancels.remove(&number);
        if cancelled && !self.outcome.pending_added.remove(&number) {
            self.outcome.pending_removed.insert(number);
        }
        let (status, reason) = match rejection {
            _ if cancelled => (Status::Cancelled, None),
            Some(rejection) => (Status::Rejected, Some(rejection.as_str())),
            None => (Status::Confirmed, None),
        };
        let taken = if status == Status::Confirmed { demand } else { Vec::new() };
        for &(product, quantity) in &taken {
            self.move_stock(number, product, -quantity, MovementReason::Order);
        }
        let known = self.state.orders.get(&number);
        let stored = Stored {
            status,
            // A FAILED order keeps the fingerprint of what its shopper first sent, even if that is unknown: an edited
            // replay must not turn the shopper's retry into a conflict.
            fingerprint: known.map_or(Some(order.fingerprint), |known| known.fingerprint),
            taken,
        };
        let draft = self.draft(number);
        draft.placement = Some(Placement { order, lines, total });
        draft.reason = reason;
        self.state.orders.insert(number, stored);
        self.outcome.mail.insert((number, status), at);
    }

    fn cancel(&mut self, at: Position, number: OrderNumber) {
        match self.state.orders.get(&number).map(|stored| stored.status) {
            None => {
                if self.state.pending_cancels.insert(number) {
                    self.outcome.pending_added.insert(number);
                }
            }
            Some(Status::Rejected | Status::Cancelled) => {}
            Some(Status::Confirmed | Status::Failed) => {
                self.draft(number).reason = None;
                let stored = self.state.orders.get_mut(&number).expect("it was there a line ago");
                stored.status = Status::Cancelled;
                for (product, quantity) in std::mem::take(&mut stored.taken) {
                    self.move_stock(number, product, quantity, MovementReason::Cancel);
                }
                self.outcome.mail.insert((number, Status::Cancelled), at);
            }
        }
    }

    fn unusable(&mut self, at: Position, unusable: Unusable) {
        let row = unusable.number.filter(|number| unusable.create && !self.state.orders.contains_key(number));
        match (unusable.create, unusable.replay) {
            (false, _) => self.totals(at).other += 1,
            (true, true) => {
                let totals = self.totals(at);
                totals.replays += 1;
                totals.replayed_new += u64::from(row.is_some());
            }
            (true, false) => {
                let exists = unusable.number.is_some() && row.is_none();
                let totals = self.totals(at);
                totals.creates += 1;
                // A second create of a known order that cannot be read cannot be the same one: it counts as a conflict, so that
                // `failed` stays the number of FAILED orders and of creates without a number.
                if exists { totals.conflicts += 1 } else { totals.failed += 1 }
            }
        }
        self.letter(at, unusable.reason, unusable.detail, unusable.number);
        if let Some(number) = row {
            self.fail(at, number, unusable.reason, unusable.fingerprint, unusable.email);
        }
    }

    fn fail(
        &mut self,
        at: Position,
        number: OrderNumber,
        reason: &'static str,
        fingerprint: Option<order_events::Fingerprint>,
        email: Option<String>,
    ) {
        let cancelled = self.state.pending_cancels.remove(&number);
        if cancelled && !self.outcome.pending_added.remove(&number) {
            self.outcome.pending_removed.insert(number);
        }
        let status = if cancelled { Status::Cancelled } else { Status::Failed };
        if email.is_some() {
            self.outcome.mail.insert((number, status), at);
        }
        let draft = self.draft(number);
        draft.email = email;
        draft.reason = Some(reason);
        self.state.orders.insert(number, Stored { status, fingerprint, taken: Vec::new() });
    }

    fn move_stock(&mut self, number: OrderNumber, product: u64, delta: i64, reason: MovementReason) {
        let available = self.state.stock.entry(product).or_insert(0);
        *available += delta;
        *self.outcome.stock.entry(product).or_insert(0) += delta;
        self.outcome.movements.push(Movement { product, delta, reason, number, available_after: *available });
    }

    fn letter(&mut self, at: Position, reason: &'static str, detail: String, number: Option<OrderNumber>) {
        self.outcome.letters.push(Letter { at, reason, detail, number });
    }

    /// The draft of an order; made from what is stored the first time.
    fn draft(&mut self, number: OrderNumber) -> &mut Draft {
        let base = self.state.orders.get(&number).map(|stored| stored.status);
        self.drafts.entry(number).or_insert(Draft { base, placement: None, email: None, reason: None })
    }

    fn totals(&mut self, at: Position) -> &mut Totals {
        self.outcome.totals.entry(at.partition).or_default()
    }

    fn finish(mut self) -> Outcome {
        for (number, draft) in self.drafts {
            let stored = &self.state.orders[&number];
            let Draft { base, placement, email, reason } = draft;
            match base {
                None => self.outcome.inserts.push(NewOrder {
                    number,
                    status: stored.status,
                    reason,
                    fingerprint: stored.fingerprint,
                    email,
                    placement,
                }),
                Some(from) => self.outcome.changes.push(Change { number, from, to: stored.status, reason, placement }),
            }
        }
        self.outcome.stock.retain(|_, delta| *delta != 0);
        self.outcome
    }
}
