//! Who did it, and from where.

use std::net::IpAddr;

use actix_web::{HttpMessage, HttpRequest};

use crate::{
    access::caller::{Identified, SessionId, UserId},
    rest::{address, answer::request_id},
};

/// Who did something, from where and in which request; all empty for the system itself.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// The user, when they are known.
    pub actor_id: Option<UserId>,
    /// Their session.
    pub session_id: Option<SessionId>,
    /// The address of their end of the connection.
    pub address: Option<IpAddr>,
    /// The request.
    pub request_id: Option<String>,
}

impl Origin {
    /// The origin of what `request` asks for.
    pub fn of(request: &HttpRequest) -> Self {
        let unknown = Self { address: address::of(request), request_id: Some(request_id(request)), ..Self::default() };
        match request.extensions().get::<Identified>() {
            Some(Identified::Caller(caller)) => {
                Self { actor_id: Some(caller.user_id), session_id: caller.session(), ..unknown }
            }
            _ => unknown,
        }
    }
}
