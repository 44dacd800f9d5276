//! What is asked for what is sold: the arithmetic of every paper that names an amount. There is no float in it.

#![deny(clippy::float_arithmetic)]

mod amounts;
mod rounding;

pub use amounts::{Amounts, Figures, Rules, amounts, net_price, sum};
pub use rounding::{RoundedPer, Rounding};
