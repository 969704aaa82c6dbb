//! One connection to one broker: a request, then its response, in turn.

use std::fmt::Debug;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf, BufMut, BytesMut};
use kafka_protocol::messages::{RequestHeader, ResponseHeader};
use kafka_protocol::protocol::{Decodable, Encodable, HeaderVersion, Request, StrBytes};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::BrokerError;

/// Brokers answer admin requests within this time or the caller tries again.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);
const CONNECT_WITHIN: Duration = Duration::from_secs(5);

/// More than any admin response of a local cluster; guards against a port that is not Kafka's.
const LARGEST_RESPONSE: usize = 64 * 1024 * 1024;

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

pub struct Connection {
    stream: Box<dyn Stream>,
    correlation: i32,
}

impl Connection {
    /// Connects to `host:port`. With `tls`, host is the name that the broker's certificate must hold.
    pub async fn open(host: &str, port: u16, tls: Option<Arc<ClientConfig>>) -> Result<Self, BrokerError> {
        let failed = |source| BrokerError::Connect { address: format!("{host}:{port}"), source };
        let connect = async {
            let socket = TcpStream::connect((host, port)).await?;
            socket.set_nodelay(true)?;
            let stream: Box<dyn Stream> = match tls {
                None => Box::new(socket),
                Some(config) => {
                    let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
                    Box::new(TlsConnector::from(config).connect(name, socket).await?)
                }
            };
            Ok(Self { stream, correlation: 0 })
        };
        timeout(CONNECT_WITHIN, connect)
            .await
            .map_err(|_| BrokerError::Timeout(CONNECT_WITHIN.as_secs()))?
            .map_err(failed)
    }

    /// Sends a request in `version` of its format and waits for the response.
    pub async fn send<R: Request + Debug>(&mut self, request: &R, version: i16) -> Result<R::Response, BrokerError> {
        self.correlation += 1;
        let frame =
            encode(request, version, self.correlation).map_err(|error| BrokerError::Protocol(error.to_string()))?;
        let exchange = async {
            self.stream.write_all(&frame).await?;
            self.stream.flush().await?;
            let size = self.stream.read_u32().await? as usize;
            if size > LARGEST_RESPONSE {
                return Err(BrokerError::Protocol(format!("a response of {size} bytes")));
            }
            let mut bytes = BytesMut::zeroed(size);
            self.stream.read_exact(&mut bytes).await?;
            Ok(bytes)
        };
        let mut bytes =
            timeout(ANSWER_WITHIN, exchange).await.map_err(|_| BrokerError::Timeout(ANSWER_WITHIN.as_secs()))??;
        decode::<R::Response>(&mut bytes, version, self.correlation)
    }
}

fn encode<R: Request>(request: &R, version: i16, correlation: i32) -> anyhow::Result<BytesMut> {
    let header = RequestHeader::default()
        .with_request_api_key(R::KEY)
        .with_request_api_version(version)
        .with_correlation_id(correlation)
        .with_client_id(Some(StrBytes::from_static_str("kafka-provider")));
    let mut body = BytesMut::new();
    header.encode(&mut body, R::header_version(version))?;
    request.encode(&mut body, version)?;
    let mut frame = BytesMut::with_capacity(body.len() + 4);
    frame.put_u32(u32::try_from(body.len())?);
    frame.put(body);
    Ok(frame)
}

fn decode<P: Decodable + HeaderVersion>(
    bytes: &mut BytesMut,
    version: i16,
    correlation: i32,
) -> Result<P, BrokerError> {
    let protocol = |error: anyhow::Error| BrokerError::Protocol(error.to_string());
    let mut bytes = bytes.split().freeze();
    let header = ResponseHeader::decode(&mut bytes, P::header_version(version)).map_err(protocol)?;
    if header.correlation_id != correlation {
        return Err(BrokerError::Protocol("the response is of another request".into()));
    }
    let response = P::decode(&mut bytes, version).map_err(protocol)?;
    if bytes.has_remaining() {
        return Err(BrokerError::Protocol(format!("{} bytes left over", bytes.remaining())));
    }
    Ok(response)
}
