//! The API as its users use it: the real routes over a real Postgres, one fresh database for each test.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

mod harness;

mod access;
mod auth;
mod calls;
mod clients;
mod openapi;
mod users;
