//! The query of what is made from the rows of a list, such as their sums: the filters of the list, and parameters of its own.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use serde::de::DeserializeOwned;
use utoipa::{
    IntoParams,
    openapi::path::{Parameter, ParameterIn},
};

use super::query::both;
use crate::{
    error::{Error, Result},
    http::{Description, Takes, as_caller_writes, invalid_parameter, pairs, parse_query},
    values::Invalid,
};

/// The parameters of a list that say how rows are answered, not which.
const HOW: [&str; 3] = ["sort", "custom_sort", "include"];

/// The query of an operation on the rows of a list: its own parameters, and the filters of the list.
#[derive(Debug)]
pub struct RowsQuery<P, F> {
    /// The parameters of the operation.
    pub of: P,
    /// The filters of the list; without order and includes.
    pub filter: F,
}

impl<P: DeserializeOwned + IntoParams, F: DeserializeOwned> RowsQuery<P, F> {
    fn read(request: &HttpRequest) -> Result<Self> {
        let pairs = pairs(request);
        if let Some((name, _)) = pairs.iter().find(|(name, _)| HOW.contains(&name.as_str())) {
            return Err(invalid_parameter(name, Invalid::UnknownField));
        }
        let own = P::into_params(|| Some(ParameterIn::Query));
        let is_own = |name: &str| own.iter().any(|parameter| parameter.name == name);
        let (own, filter): (Vec<_>, Vec<_>) = pairs.into_iter().partition(|(name, _)| is_own(name));
        let read = as_caller_writes(request, || both(parse_query(&own), parse_query(&filter)));
        read.map(|(of, filter)| Self { of, filter })
    }
}

impl<P: DeserializeOwned + IntoParams + 'static, F: DeserializeOwned + 'static> FromRequest for RowsQuery<P, F> {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::read(request))
    }
}

impl<P: IntoParams, F: IntoParams> Takes for RowsQuery<P, F> {
    fn describe(description: &mut Description) {
        description.query::<P>();
        description.query::<WithoutHow<F>>();
        description.refuses(&[400]);
    }
}

/// The filters of `F`, as the document describes them.
struct WithoutHow<F>(F);

impl<F: IntoParams> IntoParams for WithoutHow<F> {
    fn into_params(parameter_in: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let parameters = F::into_params(parameter_in).into_iter();
        parameters.filter(|parameter| !HOW.contains(&parameter.name.as_str())).collect()
    }
}
