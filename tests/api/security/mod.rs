//! What a security review asks for, as tests.

mod answers;
mod asvs;
mod documented;
mod hidden_fields;
mod read_only;
