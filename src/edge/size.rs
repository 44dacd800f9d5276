//! How long the head of a request may be. A head of more than 128 KiB or 96 headers does not get this far: the HTTP parser
//! refuses it with a bare 431.

use actix_web::{dev::RequestHead, http::header::HeaderMap};

use crate::error::{Error, ProblemType, Result};

/// The most bytes of an address with its query: 200 ids fit it, whatever the name of their parameter.
pub const MAX_URI_BYTES: usize = 16 << 10;
/// The most bytes of all headers, names and values.
pub const MAX_HEADER_BYTES: usize = 32 << 10;
/// The most headers.
pub const MAX_HEADERS: usize = 64;

/// Refuses a head that is too long.
///
/// # Errors
/// 414 for the address, 431 for the headers.
pub fn check(head: &RequestHead) -> Result<()> {
    let uri = &head.uri;
    if uri.path_and_query().map_or(0, |uri| uri.as_str().len()) > MAX_URI_BYTES {
        return Err(Error::new(ProblemType::UriTooLong));
    }
    if head.headers.len() > MAX_HEADERS || bytes(&head.headers) > MAX_HEADER_BYTES {
        return Err(Error::new(ProblemType::HeadersTooLarge));
    }
    Ok(())
}

fn bytes(headers: &HeaderMap) -> usize {
    headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum()
}
