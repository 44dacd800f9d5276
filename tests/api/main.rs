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
mod audit;
mod auth;
mod bad_input;
mod calls;
mod clients;
mod contacts;
mod contracts;
mod departments;
mod interactions;
mod migrations;
mod openapi;
mod orders;
mod products;
mod users;
