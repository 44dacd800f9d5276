//! What is known about a request while it is answered.

use std::{
    any::type_name,
    time::{Duration, Instant},
};

use actix_web::{HttpMessage, HttpRequest, web::Data};

use crate::{
    access::Caller,
    error::{Error, Result},
    values::from_region,
};

/// The request's id, stored with the request.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

/// When the request's time is over.
#[derive(Clone, Copy, Debug)]
pub struct Deadline(pub Instant);

/// How much of its time `request` has left.
pub fn time_left(request: &HttpRequest) -> Option<Duration> {
    let Deadline(deadline) = *request.extensions().get()?;
    Some(deadline.saturating_duration_since(Instant::now()))
}

/// The id of `request`: the caller's own if it is a valid one, otherwise a new one.
pub fn request_id(request: &HttpRequest) -> String {
    request.extensions().get::<RequestId>().map_or_else(String::new, |id| id.0.clone())
}

/// Runs `work`, which reads values that the caller of `request` wrote: telephone numbers without a country code are those
/// of the organisation's region.
pub fn as_caller_writes<T>(request: &HttpRequest, work: impl FnOnce() -> T) -> T {
    let caller = Caller::of(request).ok();
    from_region(caller.and_then(|caller| caller.organization.phone_region), work)
}

/// A part of the server that all workers share, such as its clock.
///
/// # Errors
/// Only when the app has not registered the part.
pub fn part<T: 'static>(request: &HttpRequest) -> Result<Data<T>> {
    let part = request.app_data::<Data<T>>().cloned();
    part.ok_or_else(|| Error::internal(format!("the app has no {}", type_name::<T>())))
}
