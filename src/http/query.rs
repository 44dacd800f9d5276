//! The query of a request. It is typed, and refused when it has a parameter that the operation does not have.

use std::{
    collections::HashMap,
    future::{Ready, ready},
};

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use serde::{Deserialize, de::DeserializeOwned};
use utoipa::IntoParams;

use super::{Description, Fields, Takes, context::as_caller_writes};
use crate::{
    access::Caller,
    error::{Error, FieldError, ProblemType, Result},
    values::Invalid,
};

/// The parameters of an operation that answers one resource.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OneParams {
    /// Only these fields; the others are absent then. One parameter each, or all in one, separated by commas.
    #[serde(default)]
    #[param(inline, value_type = Option<Vec<String>>, max_items = 100)]
    pub fields: Option<String>,
}

impl OneParams {
    /// The fields asked for.
    ///
    /// # Errors
    /// As [`Fields::parse`].
    pub fn fields(&self) -> Result<Fields> {
        Fields::parse(self.fields.as_deref())
    }
}

/// Reads a query string into `T`, refusing parameters that `T` does not have.
///
/// # Errors
/// 400 naming each wrong parameter.
pub fn parse_query<T: DeserializeOwned>(pairs: &[(String, String)]) -> Result<T> {
    refuse_too_many(pairs)?;
    // serde_html_form would treat an empty number or boolean as absent, and drop it silently.
    let (empty, mut pairs): (Vec<_>, Vec<_>) = pairs.iter().cloned().partition(|(_, value)| value.is_empty());
    let mut wrong: Vec<_> = empty.into_iter().map(|(name, _)| FieldError::new(name, Invalid::TooShort(1))).collect();
    // The parser stops at the first wrong parameter, so it reads the others again without that one.
    loop {
        match parse_pairs(&pairs) {
            Ok(value) if wrong.is_empty() => return Ok(value),
            Ok(_) => break,
            Err(error) => {
                let before = pairs.len();
                pairs.retain(|(name, _)| name != error.pointer());
                wrong.push(error);
                if pairs.len() == before {
                    break;
                }
            }
        }
    }
    Err(Error::new(ProblemType::InvalidParameter).with_fields(wrong))
}

/// How many values a parameter that can be repeated has at most.
pub const MOST_VALUES: usize = 200;

fn refuse_too_many(pairs: &[(String, String)]) -> Result<()> {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for (name, value) in pairs {
        let count = counts.entry(name).or_default();
        *count += if name == INCLUDE { value.split(',').count() } else { 1 };
        if *count > MOST_VALUES {
            return Err(invalid_parameter(name, Invalid::TooLong(MOST_VALUES)));
        }
    }
    Ok(())
}

fn parse_pairs<T: DeserializeOwned>(pairs: &[(String, String)]) -> Result<T, FieldError> {
    let text = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    let deserializer = serde_html_form::Deserializer::from_bytes(text.as_bytes());
    serde_path_to_error::deserialize(deserializer).map_err(|error| {
        let message = error.inner().to_string();
        let name = match error.path().iter().next() {
            Some(serde_path_to_error::Segment::Map { key }) => key.clone(),
            _ => message.split('`').nth(1).unwrap_or_default().to_owned(),
        };
        FieldError::new(name, Invalid::from_message(&message))
    })
}

/// The query of an operation that is not a list.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Query<T> {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(as_caller_writes(request, || parse_query(&pairs(request))).map(Self))
    }
}

impl<T: IntoParams> Takes for Query<T> {
    fn describe(description: &mut Description) {
        description.query::<T>();
        description.refuses(&[400]);
    }
}

/// The query of an operation that takes no parameters.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct NoParams {}

impl NoParams {
    /// Refuses every parameter, so that none is dropped silently.
    ///
    /// # Errors
    /// 400 naming the first parameter.
    pub fn check(request: &HttpRequest) -> Result<()> {
        parse_query::<Self>(&pairs(request)).map(|Self {}| ())
    }
}

/// The parameters that name users. `me` stands for the caller there.
pub const OF_USERS: [&str; 3] = ["author_id", "owner_id", "user_id"];
/// The caller, as a parameter that names users.
pub const ME: &str = "me";

/// The parameter that names related resources.
pub const INCLUDE: &str = "include";

/// The parameters of `request`, decoded, in their order. A search for nothing is left out, and the caller's id stands in
/// place of `me`. The words of `include` and `fields` are put together, wherever each of them came in a parameter of its own.
pub fn pairs(request: &HttpRequest) -> Vec<(String, String)> {
    let mut pairs: Vec<(String, String)> = Vec::new();
    for (name, value) in decoded(request) {
        let is_list = [INCLUDE, Fields::PARAMETER].contains(&name.as_str());
        match pairs.iter_mut().find(|(known, _)| is_list && *known == name) {
            Some((_, words)) => *words = format!("{words},{value}"),
            None => pairs.push((name, value)),
        }
    }
    pairs
}

fn decoded(request: &HttpRequest) -> impl Iterator<Item = (String, String)> {
    let all = url::form_urlencoded::parse(request.query_string().as_bytes()).into_owned();
    all.filter(|(name, value)| name != "q" || !value.trim().is_empty()).map(|(name, value)| match Caller::of(request) {
        Ok(caller) if value == ME && OF_USERS.contains(&name.as_str()) => (name, caller.user_id.to_string()),
        _ => (name, value),
    })
}

/// The refusal of the parameter `name`.
pub fn invalid_parameter(name: &str, invalid: Invalid) -> Error {
    Error::new(ProblemType::InvalidParameter).with_fields(vec![FieldError::new(name, invalid)])
}
