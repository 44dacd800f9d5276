//! What a sign-in and every other proof of identity needs from the server.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload, web::Data};

use super::{hashing::Hashing, throttle::Limits};
use crate::{
    access::Callers,
    audit::Journal,
    clock::Clock,
    db::Db,
    error::{Error, Result},
    http::{Description, Takes, address, part},
    secrets::Secrets,
};

/// Checks the proof of a person's identity, for one request.
pub struct Verifier {
    /// The request.
    pub request: HttpRequest,
    /// The time.
    pub clock: Data<Clock>,
    /// The secrets that open second factors and device tokens.
    pub secrets: Data<Secrets>,
    /// Hashes passwords.
    pub hashing: Data<Hashing>,
    /// How many attempts may fail.
    pub limits: Data<Limits>,
    /// Who is behind a session.
    pub callers: Data<Callers>,
    /// Where the result is recorded.
    pub journal: Journal,
    /// The database.
    pub db: Db,
}

impl Verifier {
    fn of(request: &HttpRequest) -> Result<Self> {
        Ok(Self {
            clock: part(request)?,
            secrets: part(request)?,
            hashing: part(request)?,
            limits: part(request)?,
            callers: part(request)?,
            journal: Journal::of(request)?,
            db: Db::of(request)?,
            request: request.clone(),
        })
    }

    /// Where the request comes from.
    pub fn address(&self) -> Option<std::net::IpAddr> {
        address::of(&self.request)
    }
}

impl Takes for Verifier {
    fn describe(_: &mut Description) {}
}

impl FromRequest for Verifier {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(request))
    }
}
