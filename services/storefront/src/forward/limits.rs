//! How long a call may take until its answer begins. Pure.

use std::time::Duration;

use axum::http::{Method, Uri};

/// Every call answers within a few seconds, or says itself that it cannot.
const CALL: Duration = Duration::from_secs(15);
/// A wait for an order's outcome may take a minute; the answer comes a little later.
const WAIT: Duration = Duration::from_secs(75);
/// A catalogue of a million products.
const IMPORT: Duration = Duration::from_secs(600);

/// The limit for a call.
pub(super) fn time(method: &Method, uri: &Uri) -> Duration {
    if waits(method, uri) {
        WAIT
    } else if uri.path() == "/api/products:import" {
        IMPORT
    } else {
        CALL
    }
}

/// True for a call that answers when something happened.
pub(super) fn waits(method: &Method, uri: &Uri) -> bool {
    *method == Method::GET && uri.query().unwrap_or_default().split('&').any(|pair| pair.starts_with("wait="))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_may_last_longer_than_the_longest_wait() {
        let time = |method: Method, uri: &str| time(&method, &uri.parse().unwrap());
        assert!(time(Method::GET, "/api/orders/n?wait=60s") > Duration::from_secs(60));
        assert_eq!(time(Method::GET, "/api/orders/n?await=1"), CALL);
        assert_eq!(time(Method::POST, "/api/orders?wait=60s"), CALL);
        assert_eq!(time(Method::POST, "/api/products:import"), IMPORT);
    }
}
