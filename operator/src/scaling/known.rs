//! A decision from a full sample.

use super::arrivals::{self, Arrivals};
use super::capacity::Work;
use super::decision::{CapacitySource, Decision, Figures, LimitedBy};
use super::history::{History, milli};
use super::lag::Position;
use super::limits::Limits;
use super::need::{AIMED, FULL, Load, Need, STRETCHED, step_above, thrifty, true_step};
use super::observation::Observation;
use super::policy::Policy;
use super::progress::{self, Standing};
use super::reason::Told;
use super::retrospect::{MEMORY, Replayed};
use super::stability::{MOST_PATIENCE, Move, Pressure, Situation};
use super::track::Track;

/// Part of the oldest age allowed at which orders count as late: what is still to come is not known exactly.
const LATE: f64 = 0.8;
/// While arrivals rise, so many times the number that is needed now is started at once: the next step, or what the
/// trend leads to.
const GROWTH: (f64, f64) = (1.6, 2.0);
/// Seconds over which arrivals rise now.
const RISING: f64 = 90.0;
/// Seconds over which a trend is looked for.
const TREND: f64 = 600.0;

/// What the sample says, in numbers.
struct Seen {
    arrivals: Option<Arrivals>,
    lag: u64,
    age: Option<f64>,
    capacity: f64,
    source: CapacitySource,
    standing: Standing,
    hot: Vec<u32>,
}

/// What the work needs.
struct Wanted {
    /// For the number, at the aimed utilisation.
    need: Need,
    /// The number itself, before limits; None: not even one consumer per partition is enough.
    size: Option<u32>,
    /// How much the current number is too small.
    pressure: Pressure,
}

/// Decides, with all partitions known.
pub(super) fn decide(
    observation: &Observation,
    positions: &[Position],
    current: u32,
    limits: &Limits<'_>,
    policy: &Policy,
    history: &mut History,
    now: f64,
) -> Decision {
    let seen = look(observation, positions, policy, history, now);
    let wanted = want(&seen, positions, observation, current, policy, history, now);
    let size = bounded(&wanted, &seen, positions, limits, policy);
    // Nobody moves on: more of them would not either. But a group that is just being woken must get there.
    let blocked = seen.standing.nobody_moves && current > 0;
    let pressure = if blocked { Pressure::None } else { wanted.pressure };
    let size = if pressure > Pressure::None { ahead(&seen, size, current, limits, policy, history, now) } else { size };
    let situation = Situation {
        current,
        size: if blocked { size.min(current).max(limits.fewest) } else { size },
        enough: if size < current { enough(&seen, size, limits, policy, history, now) } else { None },
        fewest: limits.fewest,
        most: limits.most,
        pressure,
        interval: history.clock.interval.unwrap_or(0.0),
    };
    let step = history.stability.choose(&situation, policy, now);
    // A backlog that nobody moves says nothing about how few would do.
    let step = if blocked && matches!(step, Move::Down(_)) { Move::Stay } else { step };
    let replicas = match step {
        Move::Stay | Move::NotYet | Move::NotSure | Move::Keeping(_) => current,
        Move::IntoLimits(to) | Move::Up(to) | Move::Down(to) => to,
    };
    let limited_by = limited(step, replicas, &wanted, &seen, limits, blocked);
    let figures = figures(&seen, &wanted, replicas, history);
    let told = Told {
        current,
        chosen: replicas,
        step,
        limited_by,
        figures: &figures,
        schedule: limits.schedule,
        max_order_age: policy.max_order_age,
    };
    Decision { replicas, recommended: replicas, reason: told.sentence(), limited_by, figures }
}

/// Takes the sample into the history and reads it.
fn look(observation: &Observation, positions: &[Position], policy: &Policy, history: &mut History, now: f64) -> Seen {
    let timing = &policy.timing;
    history.partitions.resize(positions.len(), Track::default());
    for (track, position) in history.partitions.iter_mut().zip(positions) {
        track.note(observation.t, position.end, position.committed, position.open);
    }
    let before = history.clock.last;
    history.clock.note(milli(observation.t), timing.stale_after);
    if history.clock.since == milli(observation.t) {
        history.stability.interrupted();
    }
    history.group.note(observation.ready, milli(now));

    let settled_for = history.group.settled_for(now);
    let paces: Option<Vec<f64>> = history.partitions.iter().map(|track| track.pace(observation.t - 40.0)).collect();
    let settled_all_along = settled_for >= 45.0 && observation.t - history.clock.since >= 40.0;
    history.capacity.note(
        &Work {
            t: observation.t,
            positions,
            ready: observation.ready,
            settled: settled_for >= timing.rebalance + timing.commit_interval,
            tracks: &history.partitions,
            drained: paces.map(|paces| paces.iter().sum()).filter(|_| settled_all_along),
            rates: &arrivals::drained_each(&history.partitions, &history.clock, 30.0),
            consumers: &observation.consumers,
        },
        policy,
    );
    let (capacity, source) = history.capacity.per_replica(policy);
    let arrivals = arrivals::arrivals(&history.partitions, &history.clock, timing.pod_start + timing.rebalance);
    if let (Some(before), Some(arrivals)) = (before.filter(|before| *before >= history.clock.since), &arrivals) {
        let came = history.partitions.iter().map(|track| track.arrived(before, observation.t)).sum::<f64>();
        let heaviest = arrivals.shares.iter().copied().fold(0.0, f64::max);
        history.retrospect.note(observation.t, came.max(0.0), observation.t - before, heaviest);
    }
    let hot = match (&arrivals, source) {
        (Some(arrivals), CapacitySource::Learnt) => progress::hot(&arrivals.shares, arrivals.smooth, capacity),
        _ => Vec::new(),
    };
    Seen {
        lag: positions.iter().map(|position| position.lag().unsigned_abs()).sum(),
        age: history.partitions.iter().filter_map(Track::age).reduce(f64::max),
        standing: progress::standing(&history.partitions, positions, &history.group, now),
        arrivals,
        capacity,
        source,
        hot,
    }
}

/// Weighs the work against one consumer's capacity.
fn want(
    seen: &Seen,
    positions: &[Position],
    observation: &Observation,
    current: u32,
    policy: &Policy,
    history: &History,
    now: f64,
) -> Wanted {
    let timing = &policy.timing;
    let even =
        Arrivals { smooth: 0.0, now: 0.0, ahead: 0.0, shares: vec![1.0 / positions.len() as f64; positions.len()] };
    let arrivals = seen.arrivals.as_ref().unwrap_or(&even);
    // What came while partitions moved is no backlog that more consumers are needed for: it passes by itself.
    let dead = timing.pod_start + timing.rebalance;
    let changing = observation.ready < current || history.stability.since_change(now) < dead + 2.0 * timing.rebalance;
    let moving = changing || history.group.settled_for(now) < 3.0 * timing.rebalance;
    let passing = 1.5 * timing.commit_interval + if moving && current > 0 { timing.rebalance } else { 0.0 };
    let backlog: Vec<f64> = positions
        .iter()
        .zip(&arrivals.shares)
        .map(|(position, share)| (position.lag() as f64 - share * arrivals.smooth * passing).max(0.0))
        .collect();
    let left_out: Vec<bool> = (0..)
        .zip(positions)
        .map(|(number, _)| seen.hot.contains(&number) || seen.standing.stalled.contains(&number))
        .collect();
    let late = seen.age.is_some_and(|age| age > policy.max_order_age) || (changing && current > 0);
    let within = if late { policy.drain_after_burst } else { policy.max_order_age };
    let load = Load { arrivals, backlog: &backlog, left_out: &left_out, capacity: seen.capacity, within };
    let need = load.need(arrivals.ahead, AIMED);
    let waits = seen.lag > 0 || positions.iter().any(|position| position.open);
    let pressure = if current == 0 {
        if waits { Pressure::Urgent } else { Pressure::None }
    } else {
        pressure(&load, seen, current, policy, history, now)
    };
    let full = load.need(arrivals.ahead, FULL).replicas();
    let size = match (need.replicas(), full) {
        (Some(aimed), Some(full)) => Some(thrifty(aimed, full)),
        (None, full) => full,
        (aimed, None) => aimed,
    };
    Wanted { size, need, pressure }
}

/// Whether orders get late, or will, before a change made now would work.
fn pressure(load: &Load<'_>, seen: &Seen, current: u32, policy: &Policy, history: &History, now: f64) -> Pressure {
    let timing = &policy.timing;
    let work = load.work().busiest(current);
    let coming = load.rate(load.arrivals.ahead).busiest(current);
    // The busiest consumer's queue when new ones work, in seconds of its work: it grows while they start, and while
    // partitions move nothing is worked off at all.
    let then = work + (coming - 1.0) * timing.pod_start + coming * timing.rebalance;
    let late = seen.age.is_some_and(|age| age > policy.max_order_age);
    let urgent = if coming > 1.0 {
        then > LATE * policy.max_order_age
    } else {
        late && work > (1.0 - coming) * policy.drain_after_burst
    };
    let stretched = coming > STRETCHED;
    if !urgent && !stretched {
        return Pressure::None;
    }
    // A burst such as the last hour had is waited out when this number works it off within the target.
    let habit = history.retrospect.habit(current, now, &replayed(seen, policy));
    if habit > 0.0 && work <= 1.1 * habit {
        return Pressure::None;
    }
    if urgent { Pressure::Urgent } else { Pressure::Stretched }
}

/// More than the work needs now, when it keeps growing or a smaller number was just taken back: the next change comes
/// later then.
fn ahead(
    seen: &Seen,
    size: u32,
    current: u32,
    limits: &Limits<'_>,
    policy: &Policy,
    history: &History,
    now: f64,
) -> u32 {
    let mut size = size;
    let rate = seen.arrivals.as_ref().map_or(0.0, |arrivals| arrivals.now);
    let rise = history.retrospect.rise(TREND, now).max(history.retrospect.rise(TREND / 2.0, now));
    if rise > 0.0 && rate > 0.0 {
        // Where it leads within two more such times, or one step further.
        let grown = f64::from(size) * ((rate + 2.0 * rise) / rate).min(GROWTH.1);
        let further = step_above(size, policy.partitions);
        let further = if f64::from(further) <= GROWTH.0 * f64::from(size) { further } else { size };
        size = further.max(true_step(grown as u32, policy.partitions)).min(limits.most);
    }
    match history.stability.taken_back(now) {
        // The number before may have been set by hand, and be no step.
        Some(before) if size > current => size.max(true_step(before.min(2 * size).min(limits.most), policy.partitions)),
        _ => size,
    }
}

/// The number that the last minutes would have needed; bursts count for longer, an hour with the usual five minutes.
fn enough(seen: &Seen, size: u32, limits: &Limits<'_>, policy: &Policy, history: &History, now: f64) -> Option<u32> {
    let patience = history.stability.patience(policy);
    // Who leaves while arrivals rise is called back soon.
    if history.retrospect.rise(RISING, now) > 0.0 {
        return None;
    }
    let needed = 0.8 * policy.timing.scale_down_after.min(patience);
    if history.retrospect.covered(needed, now) < needed - 30.0 {
        return None;
    }
    let group = replayed(seen, policy);
    // What made the number larger lies before the change to it; the time until that worked is no evidence either.
    let lately = history.retrospect.enough(0.8 * patience, now, &group);
    // Looking back an hour costs something; nobody leaves before the minutes of patience are over.
    let due = history.stability.since_change(now) >= patience;
    let enough = if due { history.retrospect.insured(lately, now, &group) } else { lately };
    // Nothing at all came: as few as the work needs, which may be none.
    let enough = if size == 0 && lately == 1 { 0 } else { enough };
    Some(enough.min(limits.most).max(limits.fewest))
}

fn replayed(seen: &Seen, policy: &Policy) -> Replayed {
    Replayed {
        partitions: policy.partitions,
        capacity: seen.capacity,
        max_order_age: policy.max_order_age,
        burst: policy.drain_after_burst,
        // Who wants a small group soon is not kept waiting an hour for a burst that may not come again.
        prepared: (MOST_PATIENCE * policy.timing.scale_down_after).min(MEMORY),
    }
}

/// The number within its limits; 0 only when nothing is there and nothing is on its way.
fn bounded(wanted: &Wanted, seen: &Seen, positions: &[Position], limits: &Limits<'_>, policy: &Policy) -> u32 {
    let idle = seen.lag == 0
        && positions.iter().all(|position| !position.open)
        && seen.arrivals.as_ref().is_none_or(|arrivals| arrivals.now == 0.0);
    let least = u32::from(!idle || limits.fewest > 0);
    let size = wanted.size.unwrap_or(policy.partitions).max(least);
    if size <= limits.most { size.max(limits.fewest) } else { limits.clamp(true_step(limits.most, policy.partitions)) }
}

fn limited(
    step: Move,
    replicas: u32,
    wanted: &Wanted,
    seen: &Seen,
    limits: &Limits<'_>,
    blocked: bool,
) -> Option<LimitedBy> {
    if blocked {
        return Some(LimitedBy::NoProgress);
    }
    let needed = wanted.size.unwrap_or(u32::MAX);
    match step {
        Move::NotYet => return Some(LimitedBy::RebalanceBudget),
        Move::NotSure => return None,
        Move::Stay | Move::IntoLimits(_) | Move::Up(_) | Move::Down(_) | Move::Keeping(_) => {}
    }
    // A larger number would be chosen, and what runs is (nearly) what the limit allows.
    if needed > limits.most && wanted.pressure > Pressure::None {
        return Some(limits.most_by);
    }
    if !seen.hot.is_empty() {
        return Some(LimitedBy::HotPartition);
    }
    let lifted = limits.fewest > 1 && needed < limits.fewest && replicas == limits.fewest;
    lifted.then_some(LimitedBy::MinReplicas)
}

fn figures(seen: &Seen, wanted: &Wanted, replicas: u32, history: &History) -> Figures {
    let rate = seen.arrivals.as_ref().map(|arrivals| arrivals.now);
    let spare = rate.map(|rate| f64::from(replicas) * seen.capacity - rate).filter(|spare| *spare > 0.0);
    Figures {
        lag: Some(seen.lag),
        oldest_order_age: Some(seen.age.unwrap_or(0.0)),
        arrival_rate: rate,
        drain_rate: arrivals::drained(&history.partitions, &history.clock, 30.0),
        capacity_per_replica: seen.capacity,
        capacity_source: seen.source,
        need: seen.arrivals.as_ref().map(|_| wanted.need.total),
        drain_eta: if seen.lag == 0 { Some(0.0) } else { spare.map(|spare| seen.lag as f64 / spare) },
        hot_partitions: seen.hot.clone(),
        stalled_partitions: seen.standing.stalled.clone(),
        stuck_transactions: seen.standing.stuck.clone(),
    }
}
