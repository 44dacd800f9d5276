//! Tests for what a security review asks for.

mod answers;
mod asvs;
mod documented;
mod hidden_fields;
mod read_only;
