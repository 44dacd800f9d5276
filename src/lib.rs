//! Liaison: a headless CRM. One server gives a client manager's whole job as a JSON API over Postgres.
//!
//! One folder for each resource, with the same few files in each; `rest` and `access` are what they share.

// The examples in the document are long literals.
#![recursion_limit = "256"]

pub mod access;
pub mod account_teams;
pub mod app;
pub mod audit;
pub mod auth;
pub mod background;
pub mod clients;
pub mod clock;
pub mod commands;
pub mod config;
pub mod contacts;
pub mod contracts;
pub mod db;
pub mod demo;
pub mod departments;
pub mod docs;
pub mod edge;
pub mod error;
pub mod housekeeping;
pub mod interactions;
pub mod lifecycle;
pub mod logging;
pub mod mail;
pub mod openapi;
pub mod orders;
pub mod outbox;
pub mod problems;
pub mod products;
pub mod readiness;
pub mod rest;
pub mod roles;
pub mod secrets;
pub mod server;
pub mod service;
pub mod service_accounts;
pub mod sessions;
pub mod setup;
pub mod teams;
pub mod telemetry;
pub mod timeline;
pub mod users;
