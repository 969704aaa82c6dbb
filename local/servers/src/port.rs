//! Free TCP ports on loopback.

use std::hash::{BuildHasher, RandomState};
use std::net::TcpListener;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener};

use anyhow::{Context, Result};

/// Below the range from which the kernel takes the ports of outgoing connections (32768 and up): a server
/// that is restarted must find its port free again.
const RANGE: std::ops::Range<u16> = 17_000..29_000;

/// A port on 127.0.0.1 that nothing listens on now, and that no other call gives while this process lives: a server
/// takes seconds until it listens, and none while it is stopped.
pub fn free_port() -> Result<u16> {
    let width = u64::from(RANGE.end - RANGE.start);
    (0..1000)
        .map(|attempt: u32| RANGE.start + (RandomState::new().hash_one(attempt) % width) as u16)
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok() && reserve(*port))
        .context("no free port found on 127.0.0.1 in a thousand tries")
}

/// True when no process has reserved `port`. A name in the kernel marks it: it needs no file, and it goes with the
/// process.
fn reserve(port: u16) -> bool {
    let name = SocketAddr::from_abstract_name(format!("order-pipeline/port/{port}"));
    let Ok(mark) = name.and_then(|name| UnixListener::bind_addr(&name)) else { return false };
    // Kept open to the end of the process.
    std::mem::forget(mark);
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_given_once() -> Result<()> {
        let mut ports = (0..300).map(|_| free_port()).collect::<Result<Vec<_>>>()?;
        ports.sort_unstable();
        ports.dedup();
        assert_eq!(ports.len(), 300);
        assert!(!reserve(ports[0]));
        Ok(())
    }
}
