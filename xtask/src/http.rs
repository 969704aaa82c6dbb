//! Two kinds of request to our own services, without a library: this tool is compiled before all else.

use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// What to send.
pub enum Method<'a> {
    Get,
    Post(&'a Value),
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: String,
}

impl Answer {
    /// The body as JSON, if the status is the expected one.
    pub fn json(&self, expected: u16) -> Result<Value> {
        ensure!(self.status == expected, "answer {} instead of {expected}: {}", self.status, self.body);
        serde_json::from_str(&self.body).with_context(|| format!("not JSON: {}", self.body))
    }
}

/// Sends one request and reads the whole answer.
pub fn request(address: IpAddr, port: u16, method: Method<'_>, path: &str) -> Result<Answer> {
    let address = SocketAddr::new(address, port);
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(3))
        .with_context(|| format!("cannot connect to {address}"))?;
    stream.set_read_timeout(Some(Duration::from_secs(70)))?;
    // HTTP/1.0: the answer ends with the connection and comes in one piece.
    let head = match method {
        Method::Get => format!("GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n"),
        Method::Post(body) => {
            let body = body.to_string();
            format!(
                "POST {path} HTTP/1.0\r\nHost: {address}\r\nContent-Type: application/json\r\n\
                 Content-Length: {}\r\n\r\n{body}",
                body.len()
            )
        }
    };
    stream.write_all(head.as_bytes())?;
    let mut text = String::new();
    stream.read_to_string(&mut text).with_context(|| format!("no whole answer from {address}{path}"))?;
    parse(&text).with_context(|| format!("no HTTP answer from {address}{path}"))
}

fn parse(text: &str) -> Option<Answer> {
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some(Answer { status, body: body.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_status_and_body() {
        let answer = parse("HTTP/1.0 200 OK\r\ncontent-type: application/json\r\n\r\n{\"a\":1}").expect("an answer");
        assert_eq!(answer.json(200).expect("JSON")["a"], 1);
        assert!(answer.json(503).is_err());
        assert!(parse("nonsense").is_none());
    }
}
