//! Bodies that are answered before they are read to their end.
//!
//! actix reads on and throws away what is left of a chunked body that nobody holds any more, for as long as its sender
//! likes to send: a way to occupy a connection for ever. While somebody holds it, the connection is closed after the answer,
//! as it is for a body of known length.

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
use futures_util::{Stream, StreamExt};

/// A body, held until its answer is sent.
#[derive(Clone)]
pub struct Unread(Rc<RefCell<Payload>>);

impl Unread {
    /// Holds the body of `request` when it is chunked; its reader does not notice.
    pub fn hold(request: &mut ServiceRequest) -> Option<Self> {
        request.headers().get(header::TRANSFER_ENCODING)?;
        let held = Self(Rc::new(RefCell::new(request.parts_mut().1.take())));
        request.set_payload(Payload::Stream { payload: Box::pin(held.clone()) });
        Some(held)
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
