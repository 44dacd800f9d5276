//! Who did it, and from where.

use std::net::IpAddr;

use actix_web::{HttpMessage, HttpRequest};

use crate::{
    access::{ApiKeyId, Credential, Identified, SessionId, UserId},
    http::{address, request_id},
};

/// Who did something, from where and in which request; all empty for the system itself.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// The user, when they are known.
    pub actor_id: Option<UserId>,
    /// Their session.
    pub session_id: Option<SessionId>,
    /// Their API key, which was sent itself or exchanged for a token.
    pub api_key_id: Option<ApiKeyId>,
    /// The address of their end of the connection.
    pub address: Option<IpAddr>,
    /// The id of the request.
    pub request_id: Option<String>,
}

impl Origin {
    /// The origin of what `request` asks for.
    pub fn of(request: &HttpRequest) -> Self {
        let unknown = Self { address: address::of(request), request_id: Some(request_id(request)), ..Self::default() };
        match request.extensions().get::<Identified>() {
            Some(Identified::Caller(caller)) => {
                let known = Self { actor_id: Some(caller.user_id), ..unknown };
                match caller.credential {
                    Credential::Session(session) => Self { session_id: Some(session), ..known },
                    Credential::Key(key) => Self { api_key_id: Some(key), ..known },
                }
            }
            _ => unknown,
        }
    }
}
