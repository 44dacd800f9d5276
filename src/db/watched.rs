//! A connection's bytes, watched on their way to the driver for errors of the server.
//!
//! Diesel's errors have no SQLSTATE. It is read here, where the protocol has it, and noted for [`crate::error`].

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::tls::{ChannelBinding, TlsConnect, TlsStream};

use crate::error::heard;

/// The SQLSTATE of a change that a read-only server refuses.
const READ_ONLY: &str = "25006";
/// The type of a message that is an error (`ErrorResponse`).
const ERROR: u8 = b'E';
/// A message begins with its type and its length, which counts itself but not the type.
const HEAD: usize = 5;
const LENGTH: usize = 4;
/// Longer errors are not looked at.
const LONGEST: usize = 65_536;

/// A stream of messages from a server. It ends after a refusal to change something because the server is read-only: it
/// was the primary until a failover, and the next connection may find the new one.
pub(super) struct Watched<S> {
    stream: S,
    messages: Messages,
    is_over: bool,
}

impl<S> Watched<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream, messages: Messages::default(), is_over: false }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.is_over {
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::ConnectionAborted, "the server is read-only")));
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(cx, buffer))?;
        let is_over = &mut this.is_over;
        this.messages.follow(buffer.filled().get(before..).unwrap_or_default(), |code, text| {
            heard(code, text);
            *is_over |= code == READ_ONLY;
        });
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl<S: TlsStream + Unpin> TlsStream for Watched<S> {
    fn channel_binding(&self) -> ChannelBinding {
        self.stream.channel_binding()
    }
}

/// TLS inside of which the messages are watched, as outside there is nothing to see.
pub(super) struct WatchedTls<T>(pub(super) T);

impl<S, T> TlsConnect<Watched<S>> for WatchedTls<T>
where
    T: TlsConnect<S>,
    T::Future: Send + 'static,
{
    type Stream = Watched<T::Stream>;
    type Error = T::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Stream, T::Error>> + Send>>;

    fn connect(self, outside: Watched<S>) -> Self::Future {
        let inside = self.0.connect(outside.stream);
        Box::pin(async { Ok(Watched::new(inside.await?)) })
    }
}

/// Where a stream of messages is at.
#[derive(Default)]
struct Messages {
    begun: bool,
    head: Vec<u8>,
    /// How much of the present message's body is still to come.
    left: usize,
    /// The body so far, if it is an error.
    error: Option<Vec<u8>>,
}

impl Messages {
    /// Follows the stream through `bytes`, and calls `seen` with the SQLSTATE and the text of each error.
    fn follow(&mut self, mut bytes: &[u8], mut seen: impl FnMut(&str, &str)) {
        if let (false, Some((first, rest))) = (self.begun, bytes.split_first()) {
            self.begun = true;
            // The answer to the question whether the server speaks TLS is a single letter. No message that can come
            // first has one of these types.
            if b"SN".contains(first) {
                bytes = rest;
            }
        }
        while !bytes.is_empty() {
            bytes = if self.left == 0 { self.take_head(bytes) } else { self.take_body(bytes) };
            if self.left == 0
                && let Some(body) = self.error.take()
                && let Some((code, text)) = code_and_text(&body)
            {
                seen(code, text);
            }
        }
    }

    fn take_head<'b>(&mut self, bytes: &'b [u8]) -> &'b [u8] {
        let missing = HEAD.saturating_sub(self.head.len());
        let (taken, rest) = bytes.split_at(missing.min(bytes.len()));
        self.head.extend_from_slice(taken);
        if let [kind, length @ ..] = self.head.as_slice()
            && let Ok(length) = <[u8; LENGTH]>::try_from(length)
        {
            self.left = (u32::from_be_bytes(length) as usize).saturating_sub(LENGTH);
            self.error = (*kind == ERROR && self.left <= LONGEST).then(Vec::new);
            self.head.clear();
        }
        rest
    }

    fn take_body<'b>(&mut self, bytes: &'b [u8]) -> &'b [u8] {
        let (taken, rest) = bytes.split_at(self.left.min(bytes.len()));
        self.left -= taken.len();
        if let Some(error) = &mut self.error {
            error.extend_from_slice(taken);
        }
        rest
    }
}

/// An error consists of fields, each with its type, its text and a zero.
fn code_and_text(body: &[u8]) -> Option<(&str, &str)> {
    let field = |kind: u8| {
        let found = body.split(|byte| *byte == 0).find_map(|field| field.strip_prefix(&[kind]));
        found.and_then(|text| str::from_utf8(text).ok())
    };
    Some((field(b'C')?, field(b'M')?))
}

#[cfg(test)]
mod tests {
    use super::Messages;

    fn message(kind: u8, body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(body.len() + 4).unwrap().to_be_bytes();
        [&[kind], length.as_slice(), body].concat()
    }

    fn stream() -> Vec<u8> {
        [
            b"N".to_vec(),
            message(b'R', &[0, 0, 0, 0]),
            message(b'D', b"E\0\0\0\x08no error"),
            message(b'E', b"SFEHLER\0VERROR\0C40P01\0MVerklemmung entdeckt\0RDeadLockReport\0\0"),
            message(b'Z', b"I"),
            message(b'1', b""),
            message(b'E', b"VFATAL\0C57P01\0Mgoodbye\0\0"),
        ]
        .concat()
    }

    #[test]
    fn errors_are_found_however_the_stream_is_cut() {
        for piece in [1, 2, 3, 5, 7, 64, 1000] {
            let (mut messages, mut seen) = (Messages::default(), Vec::new());
            for bytes in stream().chunks(piece) {
                messages.follow(bytes, |code, text| seen.push(format!("{code} {text}")));
            }
            assert_eq!(seen, ["40P01 Verklemmung entdeckt", "57P01 goodbye"], "in pieces of {piece}");
        }
    }
}
