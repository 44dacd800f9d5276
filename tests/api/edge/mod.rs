//! The edge of the server: rules for every request and every answer.

mod cors;
mod headers;
mod load;
mod methods;
mod proxies;
mod rate;
mod receive;
mod size;
mod time;
mod tls;

use std::num::NonZeroU32;

use liaison::edge::{Edge, rate::Quotas};

/// An edge with these quotas a minute.
pub fn with_quotas(caller: u32, anonymous: u32) -> Edge {
    let quotas = Quotas { caller: NonZeroU32::new(caller), anonymous: NonZeroU32::new(anonymous) };
    Edge { quotas, ..Edge::default() }
}
