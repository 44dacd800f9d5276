//! The API as its users use it: the real routes over a real Postgres, one fresh database for each test.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test that cannot go on fails"
)]
#![allow(clippy::unused_self, reason = "what is made in a test's world reads as the world's")]

mod harness;

mod access;
mod access_requests;
mod account_teams;
mod audit;
mod auth;
mod bad_input;
mod blocking;
mod calls;
mod clients;
mod competitors;
mod connections;
mod contacts;
mod contracts;
mod custom_fields;
mod database_errors;
mod departments;
mod departures;
mod deputies;
mod docs;
mod edge;
mod exchange_rates;
mod exports;
mod external_ids;
mod fields;
mod file_imports;
mod hosts;
mod idempotency;
mod imports;
mod interactions;
mod jobs;
mod lists;
mod lost_reasons;
mod mail;
mod migrations;
mod openapi;
mod orders;
mod organization;
mod personal_data;
mod policies;
mod privileges;
mod products;
mod reach;
mod refusals;
mod rights;
mod roles;
mod saved_views;
mod search;
mod security;
mod service_accounts;
mod sessions;
mod sight;
mod source;
mod telemetry;
mod timeline;
mod tls;
mod trade_imports;
mod transfers;
mod unique;
mod users;
