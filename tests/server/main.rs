//! The program as an operator runs it: the real binary, its own Postgres, its signals, and the README's tour.

#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

mod audit;
mod backup;
mod command_line;
mod confined;
mod demo;
mod examples;
mod life;
mod local_postgres;
mod plans;
mod process;
mod secrets;
mod seed;
mod shutdown;
mod standby;
mod start;
