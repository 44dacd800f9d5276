//! Failure drills: things are broken on purpose, and the guarantees must hold all the same. trust R1–R3, R7–R10, R15
//!
//! Each drill prints its figures: `cargo test --test drills -- --nocapture` shows them. With `LIAISON_DRILLS=long` in
//! the environment each runs in full length, in some ten minutes and best one after the other (`--test-threads=1`);
//! without it, each runs in a short form.
//!
//! `tests/server/shutdown.rs` tests ending a server by SIGTERM under load (no request fails, and it ends in time).
//! `tests/server/life.rs` tests five servers that start at once on an empty database.

#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

mod away;
mod caller;
mod cycles;
mod equal_posts;
mod history;
mod imported;
mod killed;
mod length;
mod load;
mod postgres;
#[path = "../server/process.rs"]
#[allow(dead_code, reason = "the tests of the program use the rest")]
mod process;
mod proxy;
mod records;
mod slow_disk;
mod stage;
mod stalled;
