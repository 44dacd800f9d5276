//! JSON bodies: bounded, strict, and with every wrong field reported at once.

use std::{future::Future, pin::Pin, time::Duration};

use actix_web::{
    FromRequest, HttpMessage, HttpRequest,
    dev::Payload,
    http::header,
    web::{Bytes, BytesMut, Data},
};
use aws_lc_rs::digest;
use futures_util::StreamExt;
use serde::de::DeserializeOwned;
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    Description, Operations, Takes,
    context::as_caller_writes,
    field_errors::{PathError, Rules, all_errors},
    strict::Strict,
};
use crate::{
    error::{Error, ProblemType, Result},
    values::Invalid,
};

/// The largest body: 1 MiB.
pub const MAX_BODY_BYTES: usize = 1 << 20;

/// How long a caller may take to send the body of a request.
#[derive(Clone, Copy, Debug)]
pub struct ReadTimeout(pub Duration);

/// The SHA-256 of the request's body, stored with the request for [`crate::change::Change`].
#[derive(Clone, Copy, Debug)]
pub struct BodyDigest(pub [u8; 32]);

/// A JSON body of type `T`. An absent body is read as `{}`, so a transition without parameters needs no body.
#[derive(Debug)]
pub struct Body<T>(pub T);

impl<T: DeserializeOwned + ToSchema + 'static> FromRequest for Body<T> {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let payload = payload.take();
        Box::pin(async move {
            let bytes = read(&request, payload).await?;
            if !bytes.is_empty() {
                check_media_type(&request)?;
            }
            request.extensions_mut().insert(digest_of(&bytes));
            let text: &[u8] = if bytes.is_empty() { b"{}" } else { &bytes };
            as_caller_writes(&request, || parse(text)).map(Self)
        })
    }
}

impl<T: ToSchema> Takes for Body<T> {
    fn describe(description: &mut Description) {
        description.body::<T>("application/json");
    }
}

/// The bytes of a file, which are read as they are.
#[derive(Debug)]
pub struct Upload(pub Bytes);

/// The largest file: 50 MiB.
pub const MAX_UPLOAD_BYTES: usize = 50 << 20;
/// How long a caller may take to send a file.
const UPLOAD_TIMEOUT: Duration = Duration::from_mins(2);
/// What a file may be. Who does not know sends it as a stream of bytes.
const FILES: [&str; 3] =
    ["application/octet-stream", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "text/csv"];

impl FromRequest for Upload {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let payload = payload.take();
        Box::pin(async move {
            let bytes = read(&request, payload).await?;
            super::encoding::check(&request)?;
            if !FILES.contains(&request.content_type().to_ascii_lowercase().as_str()) {
                return Err(Error::new(ProblemType::UnsupportedMediaType));
            }
            request.extensions_mut().insert(digest_of(&bytes));
            Ok(Self(bytes))
        })
    }
}

impl Takes for Upload {
    fn describe(description: &mut Description) {
        description.file(&FILES);
        description.extension(MAX_BODY, MAX_UPLOAD_BYTES);
    }
}

/// The extension of an operation that takes larger bodies than others.
pub const MAX_BODY: &str = "x-max-body-bytes";

/// How many bytes the body of `request` may have: what its operation says, or what all others take.
pub fn most_bytes(request: &HttpRequest) -> usize {
    let operations = request.app_data::<Data<Operations>>();
    let operation = operations.map(|operations| operations.find(request.method(), request.path()));
    operation.and_then(|operation| operation.max_body).unwrap_or(MAX_BODY_BYTES)
}

/// Reads a body of as many bytes as its operation takes, and for as long as the server's settings allow.
///
/// # Errors
/// 413 when there is more, 408 when it takes longer, 400 when the connection breaks off.
pub async fn read(request: &HttpRequest, payload: Payload) -> Result<Bytes> {
    let within = request.app_data::<Data<ReadTimeout>>().map_or(Duration::MAX, |timeout| timeout.0);
    let most = most_bytes(request);
    let within = if most > MAX_BODY_BYTES { within.max(UPLOAD_TIMEOUT) } else { within };
    let late = |_elapsed| Error::new(ProblemType::RequestTimeout);
    tokio::time::timeout(within, read_all(request, payload, most)).await.map_err(late)?
}

async fn read_all(request: &HttpRequest, mut payload: Payload, most: usize) -> Result<Bytes> {
    let announced =
        request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|bytes| bytes > most) {
        return Err(too_large(most));
    }
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_broken_off| Error::new(ProblemType::MalformedBody))?;
        if body.len() + chunk.len() > most {
            return Err(too_large(most));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

fn too_large(most: usize) -> Error {
    let mebibytes = most >> 20;
    Error::new(ProblemType::BodyTooLarge).detail(
        format!("A body may have at most {mebibytes} MiB here."),
        format!("Тело запроса здесь не больше {mebibytes} МиБ."),
    )
}

fn digest_of(bytes: &[u8]) -> BodyDigest {
    let digest = digest::digest(&digest::SHA256, bytes);
    let mut sha256 = [0; 32];
    sha256.copy_from_slice(digest.as_ref());
    BodyDigest(sha256)
}

fn check_media_type(request: &HttpRequest) -> Result<()> {
    super::encoding::check(request)?;
    let essence = request.content_type().to_ascii_lowercase();
    let json = essence == "application/json";
    let merge_patch = essence == "application/merge-patch+json" && request.method() == "PATCH";
    if json || merge_patch {
        return Ok(());
    }
    Err(Error::new(ProblemType::UnsupportedMediaType))
}

/// Parses JSON; on failure finds as many wrong fields as it can.
///
/// # Errors
/// 400 for text that is not JSON and for unknown fields, 422 for wrong values.
pub fn parse<T: DeserializeOwned + ToSchema + 'static>(text: &[u8]) -> Result<T> {
    // serde would read an array as the fields in their order.
    if text.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[')
        && serde_json::from_slice::<Value>(text).is_ok()
    {
        return Err(Error::field("", Invalid::Type));
    }
    // Mistakes are looked for only when there is one.
    if let Ok(value) = serde_json::from_slice(text) {
        return Ok(value);
    }
    let document = serde_json::from_slice(text).map_err(|error| malformed(&error))?;
    let first = match doubled_member(text) {
        Some(doubled) => doubled,
        None => match serde_path_to_error::deserialize(&document) {
            Ok(value) => return Ok(value),
            Err(error) => error,
        },
    };
    Err(all_errors::<T>(document, first, |_| Vec::new()))
}

/// The first member that an object in the JSON of `text` has twice.
fn doubled_member(text: &[u8]) -> Option<PathError> {
    serde_path_to_error::deserialize::<_, Strict>(&mut serde_json::Deserializer::from_slice(text)).err()
}

/// Reads a `T` from a document and checks it against its `rules`; on failure finds as many wrong fields as it can.
///
/// # Errors
/// As [`parse`].
pub fn parse_document<T: DeserializeOwned + ToSchema + 'static>(document: &Value, rules: Rules<T>) -> Result<T> {
    // The path to a wrong field is looked for only when there is one.
    if let Ok(value) = T::deserialize(document) {
        let breaches = rules(&value);
        return if breaches.is_empty() { Ok(value) } else { Err(Error::fields(breaches)) };
    }
    serde_path_to_error::deserialize(document).map_err(|first| all_errors::<T>(document.clone(), first, rules))
}

fn malformed(error: &serde_json::Error) -> Error {
    let (line, column) = (error.line(), error.column());
    Error::new(ProblemType::MalformedBody).detail(
        format!("The body is not valid JSON in UTF-8: line {line}, column {column}."),
        format!("Тело не является корректным JSON в UTF-8: строка {line}, позиция {column}."),
    )
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::parse;
    use crate::values::{Email, Language, Line};

    #[derive(Debug, Deserialize, utoipa::ToSchema)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only parsed")]
    struct Person {
        name: Line,
        #[serde(default)]
        children: Vec<Child>,
        #[serde(default)]
        email: Option<Email>,
        #[serde(default)]
        age: Option<u8>,
        #[serde(default)]
        home: Option<Home>,
    }

    #[derive(Debug, Deserialize, utoipa::ToSchema)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only parsed")]
    struct Home {
        street: Line,
        city: Line,
    }

    #[derive(Debug, Deserialize, utoipa::ToSchema)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only parsed")]
    struct Child {
        name: Line,
        age: u8,
    }

    fn errors(text: &str) -> (u16, Vec<(String, String)>) {
        let error = parse::<Person>(text.as_bytes()).unwrap_err();
        let problem = error.document(Language::En, "/", "r");
        (problem.status, problem.errors.into_iter().map(|field| (field.pointer, field.code)).collect())
    }

    fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
        list.iter().map(|(pointer, code)| ((*pointer).to_owned(), (*code).to_owned())).collect()
    }

    #[test]
    fn every_wrong_field_is_told_at_once() {
        assert_eq!(
            errors(r#"{"name": "x", "email": "nobody", "age": "old"}"#),
            (422, pairs(&[("/age", "invalid_type"), ("/email", "invalid_email")]))
        );
        assert_eq!(
            errors(r#"{"email": "nobody", "colour": 1, "size": 2}"#),
            (
                400,
                pairs(&[
                    ("/colour", "unknown_field"),
                    ("/email", "invalid_email"),
                    ("/name", "required"),
                    ("/size", "unknown_field")
                ])
            )
        );
    }

    #[test]
    fn wrong_required_fields_of_an_object_do_not_hide_other_errors() {
        let home = |home: &str| errors(&format!(r#"{{"name": "x", "email": "nobody", "home": {home}}}"#));
        assert_eq!(
            home(r#"{"street": "", "city": ""}"#),
            (422, pairs(&[("/email", "invalid_email"), ("/home/city", "too_short"), ("/home/street", "too_short")]))
        );
        assert_eq!(
            home(r#"{"city": "x"}"#),
            (422, pairs(&[("/email", "invalid_email"), ("/home/street", "required")]))
        );
    }

    #[test]
    fn a_wrong_required_field_is_told_once() {
        assert_eq!(errors(r#"{"name": 7}"#), (422, pairs(&[("/name", "invalid_type")])));
    }

    #[test]
    fn wrong_fields_of_several_items_are_told_with_their_own_index() {
        let children =
            r#"[{"name": "a", "age": 1}, {"name": "b", "age": -1}, {"name": "", "age": 2}, {"name": "d", "age": "x"}]"#;
        assert_eq!(
            errors(&format!(r#"{{"name": "x", "children": {children}}}"#)),
            (
                422,
                pairs(&[
                    ("/children/1/age", "invalid_value"),
                    ("/children/2/name", "too_short"),
                    ("/children/3/age", "invalid_type")
                ])
            )
        );
    }

    #[test]
    fn what_is_not_json_is_malformed() {
        for text in ["", "{", "{}{}", "{\"name\": \"\u{1}\"}", "nonsense"] {
            assert_eq!(errors(text).0, 400, "{text}");
        }
        assert!(parse::<Person>(b"{\"name\": \"\xff\"}").is_err());
    }

    #[test]
    fn a_field_given_twice_is_refused() {
        assert_eq!(errors(r#"{"name": "a", "name": "b"}"#), (400, pairs(&[("/name", "duplicate_field")])));
    }

    #[test]
    fn another_json_type_than_an_object_is_invalid() {
        assert_eq!(errors("[]"), (422, pairs(&[("", "invalid_type")])));
    }
}
