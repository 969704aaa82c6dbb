//! Which headers go on with a call. Pure.

use std::net::IpAddr;

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Speak of one connection alone (RFC 9110 7.6.1).
const OF_ONE_HOP: [HeaderName; 8] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// A request's headers on their way on: the caller's address is added behind what earlier hops wrote, and Host is
/// the upstream's.
pub(super) fn of_request(headers: &mut HeaderMap, peer: IpAddr) {
    drop_hop(headers);
    headers.remove(header::HOST);
    // The body is streamed; the client would wait for a "continue" that nobody sends.
    headers.remove(header::EXPECT);
    let peer = HeaderValue::try_from(peer.to_canonical().to_string()).expect("an address is a header's value");
    headers.append(X_FORWARDED_FOR, peer);
}

/// A response's headers on their way back.
pub(super) fn of_response(headers: &mut HeaderMap) {
    drop_hop(headers);
    // Ours are set by the layers around.
    headers.remove(header::SERVER);
}

fn drop_hop(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in named.iter().chain(&OF_ONE_HOP) {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caller_is_added_behind_what_was_told() {
        let mut headers = HeaderMap::new();
        headers.append("x-forwarded-for", "203.0.113.9".parse().unwrap());
        headers.append("host", "shop.example".parse().unwrap());
        headers.append("authorization", "Bearer t".parse().unwrap());
        of_request(&mut headers, "::ffff:192.0.2.7".parse().unwrap());
        let hops: Vec<_> = headers.get_all("x-forwarded-for").iter().collect();
        assert_eq!(hops, ["203.0.113.9", "192.0.2.7"]);
        assert!(!headers.contains_key("host"));
        assert_eq!(headers["authorization"], "Bearer t");
    }

    #[test]
    fn what_speaks_of_one_connection_stays_there() {
        let mut headers = HeaderMap::new();
        headers.append("connection", "close, X-Private".parse().unwrap());
        headers.append("x-private", "1".parse().unwrap());
        headers.append("transfer-encoding", "chunked".parse().unwrap());
        headers.append("retry-after", "1".parse().unwrap());
        of_response(&mut headers);
        assert_eq!(headers.keys().map(HeaderName::as_str).collect::<Vec<_>>(), ["retry-after"]);
    }
}
