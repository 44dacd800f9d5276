//! Receives the body of a request before the request takes a place that others need. A caller who sends slowly uses up
//! only their own places.

use std::{
    collections::HashMap,
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
};

use actix_web::{
    Error as ActixError, HttpMessage, HttpRequest,
    body::{EitherBody, MessageBody},
    dev::{Payload, ServiceRequest, ServiceResponse},
    http::header,
    middleware::Next,
    web::{Bytes, Data},
};
use futures_util::{FutureExt, stream};
use tokio::task::yield_now;

use super::identify;
use crate::{
    access::{Identified, UserId},
    error::{Error, ProblemType, Result},
    http::{Operations, address, most_bytes, part, read},
};

/// The most unfinished bodies of one caller, or of everyone in one network who is not signed in.
pub const UNFINISHED: usize = 32;
/// The most memory that all unfinished bodies may fill: 256 MiB.
const MEMORY: usize = 256 << 20;
/// Seconds after which a refused caller may try again.
const RETRY_AFTER: u64 = 1;

/// The bodies that have not arrived as a whole, of one server process.
#[derive(Default)]
pub struct Receiving(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    /// How many each sender has.
    unfinished: HashMap<Sender, usize>,
    /// How many bytes are set aside for them.
    memory: usize,
}

/// Whose body it is.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Sender {
    Caller(UserId),
    Network(Arc<str>),
}

impl Sender {
    fn of(request: &HttpRequest) -> Self {
        match request.extensions().get::<Identified>() {
            Some(Identified::Caller(caller)) => Self::Caller(caller.user_id),
            _ => Self::Network(address::network(address::of(request)).into()),
        }
    }
}

/// The place of one unfinished body. It ends the moment the body is there, or is given up.
struct Unfinished {
    receiving: Data<Receiving>,
    sender: Sender,
    bytes: usize,
}

impl Receiving {
    fn take(this: &Data<Self>, sender: Sender, bytes: usize) -> Result<Unfinished> {
        let mut inner = this.0.lock().unwrap_or_else(PoisonError::into_inner);
        if inner.memory + bytes > MEMORY {
            return Err(Error::new(ProblemType::Overloaded).retry_after(RETRY_AFTER));
        }
        let count = inner.unfinished.get(&sender).copied().unwrap_or_default();
        if count >= UNFINISHED {
            return Err(too_many());
        }
        inner.unfinished.insert(sender.clone(), count + 1);
        inner.memory += bytes;
        Ok(Unfinished { receiving: this.clone(), sender, bytes })
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        let mut inner = self.receiving.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.memory -= self.bytes;
        match inner.unfinished.get_mut(&self.sender) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(inner.unfinished.remove(&self.sender)),
        }
    }
}

fn too_many() -> Error {
    Error::new(ProblemType::TooManyRequests).retry_after(RETRY_AFTER).detail(
        format!("{UNFINISHED} requests of yours have not sent their body yet. Finish them first."),
        format!("Ваших запросов с недосланным телом уже {UNFINISHED}. Сначала закончите их."),
    )
}

/// Receives the body of `request`. When it took time, the caller is looked up again: their rights may have changed.
///
/// # Errors
/// Only errors of the framework itself, which our handlers do not cause.
pub async fn receive<B: MessageBody + 'static>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, ActixError> {
    if let Some(refused) = received(&mut request).await.err() {
        return Ok(request.error_response(refused).map_into_right_body());
    }
    next.call(request).await.map(ServiceResponse::map_into_left_body)
}

async fn received(request: &mut ServiceRequest) -> Result<()> {
    if !has_body(request.request()) || !will_be_read(request.request()) {
        return Ok(());
    }
    let payload = request.take_payload();
    // Boxed, because its state would otherwise be part of the future of every request.
    let (body, took_time) = Box::pin(body_of(request.request(), payload)).await?;
    request.set_payload(Payload::Stream { payload: Box::pin(stream::iter([Ok(body)])) });
    if took_time {
        Box::pin(identify::store_caller(request)).await;
    }
    Ok(())
}

fn has_body(request: &HttpRequest) -> bool {
    [header::TRANSFER_ENCODING, header::CONTENT_LENGTH].iter().any(|name| request.headers().contains_key(name))
}

/// Whether the operation will read the body: not when the address is unknown, or when the caller is.
fn will_be_read(request: &HttpRequest) -> bool {
    let Some(operations) = request.app_data::<Data<Operations>>() else { return true };
    let operation = operations.find(request.method(), request.path());
    let is_known = matches!(request.extensions().get(), Some(Identified::Caller(_)));
    operations.serves(operation) && (operation.is_open || is_known)
}

/// The body, and whether the server had to wait for it.
async fn body_of(request: &HttpRequest, payload: Payload) -> Result<(Bytes, bool)> {
    let mut reading = pin!(read(request, payload));
    // A body that arrived together with the head is available only after the request was first looked at.
    if let Some(body) = reading.as_mut().now_or_never() {
        return Ok((body?, false));
    }
    yield_now().await;
    if let Some(body) = reading.as_mut().now_or_never() {
        return Ok((body?, false));
    }
    let _place = Receiving::take(&part(request)?, Sender::of(request), announced(request))?;
    Ok((reading.await?, true))
}

/// How many bytes the body has at most.
fn announced(request: &HttpRequest) -> usize {
    let length = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    let most = most_bytes(request);
    length.unwrap_or(most).min(most)
}

#[cfg(test)]
mod tests {
    use actix_web::web::Data;

    use super::{MEMORY, Receiving, Sender, UNFINISHED, Unfinished};
    use crate::{error::Result, http::MAX_BODY_BYTES, values::Id};

    fn code(taken: Result<Unfinished>) -> String {
        taken.err().unwrap().problem().code()
    }

    #[test]
    fn each_sender_has_only_so_many_unfinished_bodies() {
        let receiving = Data::new(Receiving::default());
        let (ann, network) = (Sender::Caller(Id::generate()), Sender::Network("192.0.2.0/24".into()));
        let mut taken: Vec<_> =
            (0..UNFINISHED).map(|_| Receiving::take(&receiving, ann.clone(), 10).ok().unwrap()).collect();
        assert_eq!(code(Receiving::take(&receiving, ann.clone(), 10)), "too_many_requests");
        assert!(Receiving::take(&receiving, network, 10).is_ok());
        taken.pop();
        assert!(Receiving::take(&receiving, ann, 10).is_ok());
        taken.clear();
        let inner = receiving.0.lock().unwrap();
        assert!(inner.unfinished.is_empty() && inner.memory == 0);
    }

    #[test]
    fn all_unfinished_bodies_together_fill_only_so_much_memory() {
        let receiving = Data::new(Receiving::default());
        let large = || Receiving::take(&receiving, Sender::Caller(Id::generate()), MAX_BODY_BYTES);
        let taken: Vec<_> = (0..MEMORY / MAX_BODY_BYTES).map(|_| large().ok().unwrap()).collect();
        assert_eq!(code(large()), "overloaded");
        drop(taken);
        assert!(large().is_ok());
    }
}
