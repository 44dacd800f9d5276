//! Bodies that are answered before they are read to their end.
//!
//! When nobody holds a chunked body any more, actix reads the rest and discards it, for as long as the sender goes on
//! sending. A sender could occupy a connection for ever like that. So the body is held until the answer is sent; then
//! actix closes the connection, as it does for a body of known length. A body that has arrived as a whole is read to
//! its end instead. So a refused caller needs no new connection for the next try, which matters most under load.

use std::{
    cell::RefCell,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

use actix_web::{
    body::{BodySize, BoxBody, MessageBody},
    dev::{Payload, ServiceRequest},
    error::PayloadError,
    http::header,
    web::Bytes,
};
use futures_util::{FutureExt, Stream, StreamExt};
use tokio::task::yield_now;

/// A body, held until its answer is sent.
#[derive(Clone)]
pub struct Unread(Rc<RefCell<Payload>>);

impl Unread {
    /// Holds the body of `request`, if it has one. A handler reads it as before.
    pub fn hold(request: &mut ServiceRequest) -> Option<Self> {
        [header::TRANSFER_ENCODING, header::CONTENT_LENGTH]
            .iter()
            .find(|name| request.headers().contains_key(*name))?;
        let held = Self(Rc::new(RefCell::new(request.parts_mut().1.take())));
        request.set_payload(Payload::Stream { payload: Box::pin(held.clone()) });
        Some(held)
    }

    /// Reads the part of the body that has arrived.
    pub async fn read_off(&self) {
        // A body that arrived together with the head is available only after the request was first looked at.
        yield_now().await;
        let mut payload = self.0.borrow_mut();
        while let Some(Some(Ok(_))) = payload.next().now_or_never() {}
    }

    /// `body`; when it is sent, the hold ends.
    pub fn until_sent<B: MessageBody + 'static>(self, body: B) -> BoxBody {
        BoxBody::new(Answer { body: BoxBody::new(body), _unread: self })
    }
}

impl Stream for Unread {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.borrow_mut().poll_next_unpin(context)
    }
}

struct Answer {
    body: BoxBody,
    _unread: Unread,
}

impl MessageBody for Answer {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        self.body.as_pin_mut().poll_next(context)
    }
}
