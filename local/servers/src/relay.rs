//! Stands between a client and a server, to cut them off from each other as a lost machine or a firewall does: nobody is told.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use anyhow::Result;

/// Passes bytes on between its own port and another one of this machine.
pub struct Relay {
    port: u16,
    cuts: Arc<AtomicU32>,
}

impl Relay {
    /// In front of `target`. It lives as long as the process.
    pub fn start(target: u16) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = listener.local_addr()?.port();
        let cuts = Arc::new(AtomicU32::new(0));
        let seen = cuts.clone();
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                // A server that is away refuses the client, too: it is dropped.
                let _refused = connect(client, target, &seen);
            }
        });
        Ok(Self { port, cuts })
    }

    /// Where clients connect.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whatever is connected now stays connected, and nothing comes through any more. New connections are as good as ever.
    pub fn cut(&self) {
        self.cuts.fetch_add(1, Ordering::SeqCst);
    }
}

fn connect(client: TcpStream, target: u16, cuts: &Arc<AtomicU32>) -> Result<()> {
    let server = TcpStream::connect((Ipv4Addr::LOCALHOST, target))?;
    for (from, to) in [(client.try_clone()?, server.try_clone()?), (server, client)] {
        let (cuts, since) = (cuts.clone(), cuts.load(Ordering::SeqCst));
        thread::spawn(move || pass_on(from, to, || cuts.load(Ordering::SeqCst) != since));
    }
    Ok(())
}

fn pass_on(mut from: TcpStream, mut to: TcpStream, is_cut: impl Fn() -> bool) {
    let mut buffer = [0; 16 << 10];
    while let Ok(read) = from.read(&mut buffer) {
        if read == 0 {
            break;
        }
        if !is_cut() && to.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    // Behind a cut the other side never hears of an end.
    if !is_cut() {
        let _gone = to.shutdown(Shutdown::Write);
    }
}
