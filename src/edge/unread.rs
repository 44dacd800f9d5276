//! Bodies that are answered before they are read to their end.
//!
//! actix reads on and throws away what is left of a chunked body that nobody holds any more, for as long as its sender
//! likes to send: a way to occupy a connection for ever. While somebody holds it, the connection is closed after the answer,
//! as it is for a body of known length. A body that has come as a whole is read instead: a caller who is refused needs no new
//! connection for the next try, least of all when there is much to do.

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
    /// Holds the body of `request` when it has one; its reader does not notice.
    pub fn hold(request: &mut ServiceRequest) -> Option<Self> {
        [header::TRANSFER_ENCODING, header::CONTENT_LENGTH]
            .iter()
            .find(|name| request.headers().contains_key(*name))?;
        let held = Self(Rc::new(RefCell::new(request.parts_mut().1.take())));
        request.set_payload(Payload::Stream { payload: Box::pin(held.clone()) });
        Some(held)
    }

    /// Reads what has come of it.
    pub async fn read_off(&self) {
        // A body that came with its head is at hand only after the first look at the request.
        yield_now().await;
        let mut payload = self.0.borrow_mut();
        while let Some(Some(Ok(_))) = payload.next().now_or_never() {}
    }

    /// `body`, with which the hold ends.
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
