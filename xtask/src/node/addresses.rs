//! Which addresses the node uses: a pure function of the checkout's id and of what the host routes.

use std::fmt;
use std::net::Ipv4Addr;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The addresses of one checkout's node. All of them are chosen together once and then kept, because
/// certificates and the objects in etcd hold them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addresses {
    /// The host's end of the link. The link is a /30, the only network that the host sees.
    pub host: Ipv4Addr,
    /// The node's end of the link: API server, NodePorts.
    pub node: Ipv4Addr,
    /// Pods, a /16 known inside the node only.
    pub pods: Network,
    /// Services, a /16 known inside the node only.
    pub services: Network,
}

/// Blocks of three /16 networks from 10.64.0.0 on.
const BLOCKS: u32 = 63;

impl Addresses {
    /// The first block, from the one that `seed` names on, that overlaps none of `taken`. None when all do.
    pub fn choose(seed: u32, taken: &[Network]) -> Option<Self> {
        (0..BLOCKS)
            .map(|step| Self::of_block(seed, (seed % BLOCKS + step) % BLOCKS))
            .find(|addresses| !addresses.collides(taken))
    }

    fn of_block(seed: u32, block: u32) -> Self {
        let second = u8::try_from(64 + 3 * block).expect("63 blocks of 3 end at 252");
        let [_, third, fourth, _] = seed.to_be_bytes();
        let link = fourth & 0xfc;
        Self {
            pods: Network::new(Ipv4Addr::new(10, second, 0, 0), 16),
            services: Network::new(Ipv4Addr::new(10, second + 1, 0, 0), 16),
            host: Ipv4Addr::new(10, second + 2, third, link + 1),
            node: Ipv4Addr::new(10, second + 2, third, link + 2),
        }
    }

    /// True when a network of `taken` overlaps ours. Networks of /8 or wider do not count: they are
    /// what a VPN or a cloud routes as a whole, and our /30 hides four addresses of it.
    pub fn collides(&self, taken: &[Network]) -> bool {
        let ours = [self.link(), self.pods, self.services];
        taken.iter().filter(|route| route.prefix > 8).any(|route| ours.iter().any(|own| own.overlaps(*route)))
    }

    /// The network of the link between host and node.
    pub fn link(&self) -> Network {
        Network::new(self.host, 30)
    }

    /// The service address of the API server: the first one, as the API server itself chooses.
    pub fn api_service(&self) -> Ipv4Addr {
        self.services.host(1)
    }

    /// The service address of the cluster's DNS.
    pub fn dns_service(&self) -> Ipv4Addr {
        self.services.host(10)
    }
}

/// An IPv4 network such as 10.64.0.0/16.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Network {
    address: Ipv4Addr,
    prefix: u8,
}

impl Network {
    /// The network of `prefix` bits that holds `address`.
    pub fn new(address: Ipv4Addr, prefix: u8) -> Self {
        Self { address: Ipv4Addr::from_bits(address.to_bits() & mask(prefix)), prefix }
    }

    /// The address number `index` of this network.
    pub fn host(&self, index: u32) -> Ipv4Addr {
        Ipv4Addr::from_bits(self.address.to_bits() + index)
    }

    /// True when some address is in both.
    pub fn overlaps(self, other: Self) -> bool {
        let shorter = mask(self.prefix.min(other.prefix));
        self.address.to_bits() & shorter == other.address.to_bits() & shorter
    }
}

fn mask(prefix: u8) -> u32 {
    u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0)
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

impl From<Network> for String {
    fn from(network: Network) -> Self {
        network.to_string()
    }
}

impl TryFrom<String> for Network {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl FromStr for Network {
    type Err = String;

    /// Reads `10.1.0.0/16`; an address alone is a network of one address.
    fn from_str(text: &str) -> Result<Self, String> {
        let (address, prefix) = text.split_once('/').unwrap_or((text, "32"));
        let address = address.parse().map_err(|_| format!("not an IPv4 network: {text}"))?;
        let prefix: u8 = prefix.parse().map_err(|_| format!("not an IPv4 network: {text}"))?;
        if prefix > 32 {
            return Err(format!("not an IPv4 network: {text}"));
        }
        Ok(Self::new(address, prefix))
    }
}

/// The networks in the output of `ip -4 route show table all`, without the default route and the routes
/// of `own_device`.
pub fn routes(text: &str, own_device: &str) -> Vec<Network> {
    text.lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>())
        .filter(|words| !words.windows(2).any(|pair| pair == ["dev", own_device]))
        // Broadcast and local routes have their kind as the first word.
        .filter_map(|words| words.iter().take(2).find_map(|word| word.parse().ok()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> Network {
        text.parse().expect("a network")
    }

    #[test]
    fn one_seed_always_gives_the_same_addresses() {
        let addresses = Addresses::choose(0x1234_5678, &[]).expect("nothing is taken");
        assert_eq!(addresses, Addresses::choose(0x1234_5678, &[]).expect("nothing is taken"));
        assert_eq!(addresses.api_service(), addresses.services.host(1));
        assert!(addresses.link().overlaps(Network::new(addresses.node, 32)));
    }

    #[test]
    fn every_block_is_of_three_networks_apart() {
        for block in 0..BLOCKS {
            let one = Addresses::of_block(0xffff_ffff, block);
            assert!(!one.pods.overlaps(one.services) && !one.pods.overlaps(one.link()));
            assert!(!one.services.overlaps(one.link()));
        }
    }

    #[test]
    fn a_taken_network_is_stepped_over() {
        let first = Addresses::choose(7, &[]).expect("nothing is taken");
        let second = Addresses::choose(7, &[first.pods]).expect("62 blocks are left");
        assert_ne!(first.pods, second.pods);
        assert_eq!(Addresses::choose(7, &[network("10.0.0.0/9"), network("10.128.0.0/9")]), None);
    }

    #[test]
    fn a_route_to_all_of_ten_is_no_collision() {
        assert!(Addresses::choose(7, &[network("10.0.0.0/8"), network("0.0.0.0/0")]).is_some());
    }

    #[test]
    fn routes_are_read_without_our_own() {
        let text = "default via 192.0.2.1 dev eth0 \n192.0.2.0/24 dev eth0 proto kernel scope link src 192.0.2.2 \n\
                    10.66.3.4/30 dev op-1 proto kernel scope link src 10.66.3.5\nlocal 127.0.0.0/8 dev lo table local";
        assert_eq!(routes(text, "op-1"), [network("192.0.2.0/24"), network("127.0.0.0/8")]);
        assert_eq!(routes(text, "op-2").len(), 3);
    }
}
