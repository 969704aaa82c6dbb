//! Who did it, for the log: the token tells only that somebody may.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::HeaderName;
use axum::http::request::Parts;
use service_runtime::http::RequestId;

use crate::app::App;
use crate::card_number;
use crate::error::ApiError;

/// The name that the caller gives itself, 1 to 64 visible ASCII characters; orderctl sends the user's.
const ACTOR: HeaderName = HeaderName::from_static("x-actor");

/// Extractor; never refuses.
pub(super) struct Actor {
    /// As the caller says; not proven.
    pub(super) name: String,
    /// The caller's address; `-` when there is no connection.
    pub(super) address: String,
    /// The request's id.
    pub(super) request: String,
}

impl FromRequestParts<Arc<App>> for Actor {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let name = parts.headers.get(ACTOR).and_then(|value| value.to_str().ok());
        let name = name.filter(|name| {
            (1..=64).contains(&name.len())
                && name.bytes().all(|byte| byte.is_ascii_graphic())
                && !card_number::is_in_text(name)
        });
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let address = peer.map(|ConnectInfo(peer)| app.caller_limit.caller(peer.ip(), &parts.headers).to_string());
        Ok(Self {
            name: name.unwrap_or("-").to_owned(),
            address: address.unwrap_or_else(|| "-".to_owned()),
            request: parts.extensions.get::<RequestId>().map_or_else(|| "-".to_owned(), |RequestId(id)| id.clone()),
        })
    }
}
