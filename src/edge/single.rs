//! Refuses a request in which a header that decides who asks for what stands twice: a proxy in front may go by the first one
//! and this server by the last.

use actix_web::http::header::HeaderMap;

use crate::{
    error::{Error, FieldError, ProblemType, Result},
    values::{Invalid, Say},
};

/// The headers that may stand in a request once.
const SINGLE: [&str; 3] = ["Authorization", "Content-Type", "Idempotency-Key"];

/// Refuses such a request.
///
/// # Errors
/// 400 naming the header.
pub fn check(headers: &HeaderMap) -> Result<()> {
    match SINGLE.into_iter().find(|name| headers.get_all(*name).count() > 1) {
        None => Ok(()),
        Some(name) => {
            let say = Say::new("The header stands there twice.", "Заголовок указан дважды.");
            let twice = FieldError::new(name, Invalid::Rule("duplicate", say));
            Err(Error::new(ProblemType::InvalidHeader).with_fields(vec![twice]))
        }
    }
}
