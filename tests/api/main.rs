//! The API as its users use it: the real routes over a real Postgres, one fresh database for each test.

mod harness;

mod auth;
mod clients;
mod openapi;
mod users;
