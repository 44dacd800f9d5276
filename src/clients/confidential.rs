//! The fields that only some may see, and change.

use std::sync::Arc;

use super::model::Client;
use crate::{
    access::{Caller, scope::reaches},
    error::{Error, Result},
};

const PERMISSION: &str = "clients:read_confidential";

impl Client {
    /// Whether `caller` may see the confidential fields.
    pub fn shows_confidential(&self, caller: &Caller) -> bool {
        reaches(caller, PERMISSION, self)
    }

    /// Takes the confidential fields out for a `caller` who may not see them.
    pub fn redact(&mut self, caller: &Caller) {
        if self.shows_confidential(caller) {
            return;
        }
        self.credit_limit = None;
        self.margin_percent = None;
        self.confidential_note = None;
    }
}

/// Refuses to set confidential fields of `client` by who cannot see them.
///
/// # Errors
/// 403 naming the permission.
pub fn permit(caller: Option<&Arc<Caller>>, client: &Client) -> Result<()> {
    match caller {
        Some(caller) if !client.shows_confidential(caller) => Err(Error::forbidden(PERMISSION)),
        _ => Ok(()),
    }
}
