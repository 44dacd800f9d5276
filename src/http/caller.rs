//! Who sends a request.

use actix_web::{
    HttpRequest,
    http::header::{self, HeaderValue},
    web::Data,
};

use super::{address, part};
use crate::{
    access::{Identification, Identified},
    db::Db,
};

/// The result of checking the token of `request`; `None` when there is none.
pub async fn identify(request: &HttpRequest) -> Option<Identified> {
    let header = request.headers().get(header::AUTHORIZATION)?;
    let Some(token) = bearer(header) else { return Some(Identified::Refused) };
    let parts = part(request).and_then(|known| Ok((known, Db::of(request)?)));
    let (known, db): (Data<Identification>, Db) = match parts {
        Ok(parts) => parts,
        Err(error) => return Some(Identified::Unavailable(error.to_string())),
    };
    Some(match known.caller(&db, token, address::of(request)).await {
        Ok(Some(caller)) => Identified::Caller(caller),
        Ok(None) => Identified::Refused,
        Err(error) => Identified::Unavailable(error.to_string()),
    })
}

/// The token of `Authorization: Bearer …` (RFC 6750, section 2.1).
fn bearer(header: &HeaderValue) -> Option<&str> {
    // `to_str` would check each byte on its own. That is not needed: our tokens are ASCII, and any other token is
    // refused.
    let (scheme, token) = std::str::from_utf8(header.as_bytes()).ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
