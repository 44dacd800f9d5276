//! The fields that only some may see, and change.

use std::sync::Arc;

use super::{
    bodies::{ClientPatch, NewClient},
    model::Client,
};
use crate::{
    access::{
        caller::{Caller, TeamId, UserId},
        scope::reaches,
    },
    error::{Error, Result},
};

const PERMISSION: &str = "clients:read_confidential";

impl Client {
    /// Whether `caller` may see the confidential fields.
    pub fn shows_confidential(&self, caller: &Caller) -> bool {
        reaches(caller, PERMISSION, self.owner_id, self.team_id, self.is_key)
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

/// Refuses a new client with confidential fields from who could not see them.
///
/// # Errors
/// 403 naming the permission.
pub fn check_new(caller: Option<&Arc<Caller>>, new: &NewClient, owner: UserId, team: TeamId) -> Result<()> {
    let named = new.credit_limit.is_some() || new.margin_percent.is_some() || new.confidential_note.is_some();
    permit(caller, named, owner, team, false)
}

/// Refuses a change of confidential fields by who cannot see them.
///
/// # Errors
/// 403 naming the permission.
pub fn check_patch(caller: Option<&Arc<Caller>>, patch: &ClientPatch, client: &Client) -> Result<()> {
    permit(caller, patch.is_confidential(), client.owner_id, client.team_id, client.is_key)
}

fn permit(caller: Option<&Arc<Caller>>, named: bool, owner: UserId, team: TeamId, is_key: bool) -> Result<()> {
    match caller {
        Some(caller) if named && !reaches(caller, PERMISSION, owner, team, is_key) => Err(Error::forbidden(PERMISSION)),
        _ => Ok(()),
    }
}
