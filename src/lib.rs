//! Liaison: a headless CRM. One server covers a client manager's whole job as a JSON API over Postgres.
//!
//! First come the shared modules, then one folder for each resource, with the same few files in each, then the modules
//! that assemble and run the server. `CONTRIBUTING.md` says which module may use which, and a test checks the imports.

// The examples in the API document are long literals.
#![recursion_limit = "256"]

pub mod access;
pub mod audit;
pub mod change;
pub mod clock;
pub mod custom;
pub mod db;
pub mod edge;
pub mod error;
pub mod external_ids;
pub mod files;
pub mod http;
pub mod jobs;
pub mod lifecycle;
pub mod list;
pub mod local_postgres;
pub mod mail;
pub mod openapi;
pub mod outgoing;
pub mod secrets;
pub mod settings;
pub mod telemetry;
pub mod values;

pub mod access_requests;
pub mod account_teams;
pub mod audit_entries;
pub mod auth;
pub mod background_jobs;
pub mod client_duplicates;
pub mod client_merges;
pub mod client_pages;
pub mod clients;
pub mod competitor_offers;
pub mod competitors;
pub mod contacts;
pub mod contracts;
pub mod custom_fields;
pub mod departments;
pub mod departures;
pub mod deputies;
pub mod erasures;
pub mod exchange_rates;
pub mod exports;
pub mod imports;
pub mod interactions;
pub mod lost_reasons;
pub mod orders;
pub mod organization;
pub mod own_account;
pub mod personal_data;
pub mod pricing;
pub mod products;
pub mod roles;
pub mod saved_views;
pub mod schema;
pub mod search;
pub mod service_accounts;
pub mod sessions;
pub mod signing_keys;
pub mod teams;
pub mod timeline;
pub mod transfers;
pub mod users;

pub mod app;
pub mod background;
pub mod cli;
pub mod commands;
pub mod config;
pub mod demo;
pub mod docs;
pub mod logging;
pub mod problem_types;
pub mod seed;
pub mod server;
pub mod service;
pub mod setup;
pub mod welcome;
