//! Who gets in: a rate limit for each caller (429), a bound on what we have in hand (503).

use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use service_runtime::CancellationToken;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::app::App;
use crate::caller::{TrustedProxies, rate_limit_key};
use crate::error::ApiError;
use crate::metrics::Metrics;

/// Requests per caller. Counted in this process alone: a limit over all replicas belongs to the gateway.
pub struct CallerLimit {
    proxies: TrustedProxies,
    limiter: Option<DefaultKeyedRateLimiter<IpAddr>>,
    clock: DefaultClock,
}

impl CallerLimit {
    /// `rate` per second with bursts of `burst`; a rate of 0 means no limit.
    pub fn new(proxies: TrustedProxies, rate: u32, burst: u32) -> Self {
        let limiter = NonZeroU32::new(rate).map(|rate| {
            let burst = NonZeroU32::new(burst).unwrap_or(rate);
            RateLimiter::keyed(Quota::per_second(rate).allow_burst(burst))
        });
        Self { proxies, limiter, clock: DefaultClock::default() }
    }

    /// Who calls: the last hop that is not ours.
    pub fn caller(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        self.proxies.caller(peer, headers)
    }

    fn check(&self, parts: &Parts) -> Result<(), ApiError> {
        let Some(limiter) = &self.limiter else { return Ok(()) };
        // Without a connection (a test calls the router itself) there is no caller to count.
        let Some(ConnectInfo(peer)) = parts.extensions.get::<ConnectInfo<SocketAddr>>() else { return Ok(()) };
        let caller = self.caller(peer.ip(), &parts.headers);
        limiter.check_key(&rate_limit_key(caller)).map_err(|early| {
            let wait = early.wait_time_from(self.clock.now());
            ApiError::TooManyRequests(wait.as_secs().saturating_add(1).try_into().unwrap_or(u32::MAX))
        })
    }

    /// Forgets callers that have been quiet, so that memory follows the callers of now. Runs until shutdown.
    pub async fn forget_quiet_callers(app: Arc<App>, shutdown: CancellationToken) -> anyhow::Result<()> {
        while shutdown.run_until_cancelled(tokio::time::sleep(Duration::from_secs(10))).await.is_some() {
            if let Some(limiter) = &app.caller_limit.limiter {
                limiter.retain_recent();
                limiter.shrink_to_fit();
            }
        }
        Ok(())
    }
}

/// Extractor: the caller is within its rate. Stands before the body, which is then not even read.
pub struct Admitted;

impl FromRequestParts<Arc<App>> for Admitted {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        app.caller_limit.check(parts).map(|()| Self).map_err(|error| app.refused(error))
    }
}

/// Bounds the writes that wait for Kafka.
pub struct Gate(Semaphore);

/// One write in hand.
pub struct InFlight<'a> {
    _permit: SemaphorePermit<'a>,
    metrics: &'a Metrics,
}

impl Gate {
    /// Room for `most`.
    pub fn new(most: usize) -> Self {
        Self(Semaphore::new(most))
    }

    /// A place, or at once the answer that there is none.
    pub fn enter<'a>(&'a self, metrics: &'a Metrics) -> Result<InFlight<'a>, ApiError> {
        let permit = self.0.try_acquire().map_err(|_| ApiError::Overloaded)?;
        metrics.in_flight.inc();
        Ok(InFlight { _permit: permit, metrics })
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.metrics.in_flight.dec();
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Request;
    use prometheus_client::registry::Registry;

    use super::*;

    fn parts(peer: &str, forwarded: Option<&str>) -> Parts {
        let mut request = Request::new(());
        let peer = SocketAddr::new(peer.parse().unwrap(), 4711);
        request.extensions_mut().insert(ConnectInfo(peer));
        if let Some(forwarded) = forwarded {
            request.headers_mut().insert("x-forwarded-for", forwarded.parse().unwrap());
        }
        request.into_parts().0
    }

    #[test]
    fn one_caller_does_not_use_up_another_ones_rate() {
        let proxies = TrustedProxies::new(vec!["10.0.0.0/8".parse().unwrap()]);
        let limit = CallerLimit::new(proxies, 1, 2);
        let call = |forwarded| limit.check(&parts("10.0.0.1", Some(forwarded)));
        assert_eq!(call("203.0.113.1"), Ok(()));
        assert_eq!(call("203.0.113.1"), Ok(()));
        assert!(matches!(call("203.0.113.1"), Err(ApiError::TooManyRequests(1..=2))));
        assert!(call("1.2.3.4, 203.0.113.1").is_err(), "invented entries change nothing");
        assert_eq!(call("203.0.113.2"), Ok(()));
    }

    #[test]
    fn no_rate_no_limit() {
        let limit = CallerLimit::new(TrustedProxies::default(), 0, 0);
        assert!((0..1_000).all(|_| limit.check(&parts("203.0.113.1", None)).is_ok()));
    }

    #[test]
    fn the_gate_closes_and_opens() {
        let metrics = Metrics::register(&mut Registry::default());
        let gate = Gate::new(1);
        let place = gate.enter(&metrics).unwrap();
        assert_eq!(gate.enter(&metrics).err(), Some(ApiError::Overloaded));
        assert_eq!(metrics.in_flight.get(), 1);
        drop(place);
        assert!(gate.enter(&metrics).is_ok());
    }
}
