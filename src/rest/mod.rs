//! How resources travel over HTTP: the conventions that every slice shares.

pub mod address;
pub mod answer;
pub mod body;
pub mod change;
pub mod entity;
pub mod etag;
pub mod fields;
pub mod id;
pub mod idempotency;
pub mod invalid;
pub mod keyset;
pub mod list;
pub mod network;
pub mod number;
pub mod patch;
pub mod reason;
pub mod search;
pub mod text;
pub mod time;
pub mod within_reach;
