//! Who calls: the address that rate limits count.
//!
//! Behind proxies the peer's address is the proxy's. `X-Forwarded-For` tells the rest of the way, but everything
//! left of the first proxy that is not ours may be invented. So the list is read from the right, as long as the
//! hop that wrote an entry is trusted; the first address that is not trusted is the caller.

mod cidr;

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::http::{HeaderMap, HeaderName};

pub use cidr::{Cidr, CidrError};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The networks whose `X-Forwarded-For` is believed.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies(Vec<Cidr>);

impl TrustedProxies {
    /// Trusts these networks.
    pub fn new(networks: Vec<Cidr>) -> Self {
        Self(networks)
    }

    fn contain(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(address))
    }

    /// The last hop that is not ours. When every hop is ours, the one furthest away.
    pub fn caller(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut caller = peer.to_canonical();
        if self.0.is_empty() {
            return caller;
        }
        let hops = headers.get_all(X_FORWARDED_FOR).into_iter().rev();
        let mut hops = hops.flat_map(|value| value.to_str().unwrap_or("?").rsplit(','));
        while self.contain(caller) {
            // An entry that is no address ends what can be believed: the hop that wrote it is held responsible.
            match hops.next().and_then(parse_hop) {
                Some(next) => caller = next,
                None => break,
            }
        }
        caller
    }
}

/// The unit that a limit counts: an IPv4 address, or the /64 that one IPv6 customer has at least.
pub fn rate_limit_key(caller: IpAddr) -> IpAddr {
    match caller {
        IpAddr::V4(_) => caller,
        IpAddr::V6(address) => {
            let network = address.to_bits() & !u128::from(u64::MAX);
            IpAddr::V6(Ipv6Addr::from_bits(network))
        }
    }
}

/// `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:4711`: proxies write all of these.
fn parse_hop(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse::<IpAddr>().or_else(|_| text.parse::<SocketAddr>().map(|address| address.ip()));
    address.ok().map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(values: &[&str]) -> HeaderMap {
        values.iter().map(|value| (X_FORWARDED_FOR, value.parse().unwrap())).collect()
    }

    #[rstest::rstest]
    #[case::no_header("10.0.0.1", &[], "10.0.0.1")]
    #[case::peer_not_trusted("198.51.100.1", &["203.0.113.9"], "198.51.100.1")]
    #[case::one_proxy("10.0.0.1", &["203.0.113.9"], "203.0.113.9")]
    #[case::invented_entries("10.0.0.1", &["1.1.1.1, 2.2.2.2, 203.0.113.9"], "203.0.113.9")]
    #[case::two_proxies("10.0.0.1", &["1.1.1.1, 203.0.113.9, 10.0.0.2"], "203.0.113.9")]
    #[case::two_headers("10.0.0.1", &["1.1.1.1", "203.0.113.9, 10.0.0.2"], "203.0.113.9")]
    #[case::all_trusted("10.0.0.1", &["10.0.0.3, 10.0.0.2"], "10.0.0.3")]
    #[case::nonsense("10.0.0.1", &["203.0.113.9, unknown"], "10.0.0.1")]
    #[case::empty("10.0.0.1", &[""], "10.0.0.1")]
    #[case::port("10.0.0.1", &["203.0.113.9:4711"], "203.0.113.9")]
    #[case::v6("10.0.0.1", &["2001:db8::1"], "2001:db8::1")]
    #[case::v6_with_port("10.0.0.1", &["[2001:db8::1]:443"], "2001:db8::1")]
    #[case::v6_in_brackets("10.0.0.1", &["[2001:db8::1]"], "2001:db8::1")]
    #[case::mapped("::ffff:10.0.0.1", &["::ffff:203.0.113.9"], "203.0.113.9")]
    fn the_last_untrusted_hop(#[case] peer: &str, #[case] forwarded: &[&str], #[case] expected: &str) {
        let proxies = TrustedProxies::new(vec!["10.0.0.0/8".parse().unwrap()]);
        let caller = proxies.caller(peer.parse().unwrap(), &headers(forwarded));
        assert_eq!(caller.to_string(), expected);
    }

    #[test]
    fn nobody_is_trusted_by_default() {
        let caller = TrustedProxies::default().caller("10.0.0.1".parse().unwrap(), &headers(&["203.0.113.9"]));
        assert_eq!(caller.to_string(), "10.0.0.1");
    }

    #[test]
    fn a_customer_of_ipv6_counts_once() {
        let key = |text: &str| rate_limit_key(text.parse().unwrap());
        assert_eq!(key("2001:db8:1:2::1"), key("2001:db8:1:2:ffff::9"));
        assert_ne!(key("2001:db8:1:2::1"), key("2001:db8:1:3::1"));
        assert_ne!(key("192.0.2.1"), key("192.0.2.2"));
    }
}
