//! Free TCP ports on loopback.

use std::hash::{BuildHasher, RandomState};
use std::net::TcpListener;

use anyhow::{Context, Result};

/// Below the range from which the kernel takes the ports of outgoing connections (32768 and up): a server
/// that is restarted must find its port free again.
const RANGE: std::ops::Range<u16> = 17_000..29_000;

/// A port on 127.0.0.1 that nothing listens on now.
pub fn free_port() -> Result<u16> {
    let width = u64::from(RANGE.end - RANGE.start);
    (0..100)
        .map(|attempt: u32| RANGE.start + (RandomState::new().hash_one(attempt) % width) as u16)
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .context("no free port found on 127.0.0.1 in a hundred tries")
}
