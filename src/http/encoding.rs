//! Which forms of a body are read: UTF-8 that is not compressed.

use actix_web::{HttpRequest, http::header};

use crate::error::{Error, ProblemType, Result};

/// Refuses a body that is compressed, or in another character set than UTF-8. It would be read as something else than its
/// sender meant.
///
/// # Errors
/// 415.
pub fn check(request: &HttpRequest) -> Result<()> {
    let headers = request.headers();
    let encoded = headers.get_all(header::CONTENT_ENCODING).any(|value| !is(value.as_bytes(), b"identity"));
    let foreign = headers.get_all(header::CONTENT_TYPE).any(|value| has_foreign_charset(value.as_bytes()));
    if encoded || foreign { Err(Error::new(ProblemType::UnsupportedMediaType)) } else { Ok(()) }
}

fn is(text: &[u8], name: &[u8]) -> bool {
    text.trim_ascii().eq_ignore_ascii_case(name)
}

/// Whether a parameter of the media type names a character set that is not UTF-8.
fn has_foreign_charset(media_type: &[u8]) -> bool {
    let parameters = media_type.split(|byte| *byte == b';').skip(1);
    parameters.filter_map(|parameter| split(parameter, b'=')).any(|(name, value)| {
        let value = value.trim_ascii();
        let bare = value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\"")).unwrap_or(value);
        is(name, b"charset") && !is(bare, b"utf-8")
    })
}

fn split(text: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let mut parts = text.splitn(2, |byte| *byte == at);
    Some((parts.next()?, parts.next()?))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::check;

    fn is_read(name: &str, value: &str) -> bool {
        check(&TestRequest::default().insert_header((name, value)).to_http_request()).is_ok()
    }

    #[test]
    fn only_plain_utf_8_is_read() {
        let json = ["application/json", "application/json; charset=utf-8", "application/json;charset=\"UTF-8\""];
        assert!(json.iter().all(|kind| is_read("Content-Type", kind)));
        for kind in
            ["application/json; charset=utf-7", "application/json; a=b; charset=\"windows-1251\"", "a/b;charset="]
        {
            assert!(!is_read("Content-Type", kind), "{kind}");
        }
        assert!(is_read("Content-Encoding", "identity") && is_read("Content-Encoding", "Identity"));
        for encoding in ["gzip", "br", "identity, gzip", "", "unknown"] {
            assert!(!is_read("Content-Encoding", encoding), "{encoding}");
        }
    }
}
