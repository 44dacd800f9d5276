//! What callers send about service accounts and keys.

use std::{collections::HashSet, hash::Hash};

use chrono::Duration;
use serde::Deserialize;
use utoipa::ToSchema;

use super::model::{MAX_DEPARTMENTS, MAX_NETWORKS, MAX_SCOPES, ScopeName};
use crate::{
    departments::DepartmentId,
    error::{Error, FieldError, Result},
    values::{Instant, Invalid, Line, Say, network::Network},
};

/// How long a key is valid unless the caller says otherwise.
const DEFAULT_LIFE: Duration = Duration::days(90);
/// How long a key can be valid at most.
const LONGEST_LIFE: Duration = Duration::days(365);
/// How long a key can stay valid beside its successor at most: a week.
const LONGEST_OVERLAP_HOURS: u16 = 168;

/// A key to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Production", "scopes": ["orders:read"]}))]
pub struct NewApiKey {
    /// What it is called.
    pub name: Line,
    /// When it ends: in 90 days when left out, in a year at most.
    pub expires_at: Option<Instant>,
    /// Which of the account's scopes it has, each once; all when left out.
    #[schema(min_items = 1, max_items = 100)]
    pub scopes: Option<Vec<ScopeName>>,
    /// Where its requests may come from, within the account's networks, at most 50; empty is wherever the
    /// account's requests may come from.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub allowed_networks: Vec<Network>,
}

/// How a key is replaced by another.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(example = json!({"overlap_hours": 24}))]
pub struct RotateApiKey {
    /// How many hours the old key stays valid, unless it expires sooner: a day when left out, a week at most. 0 ends it
    /// at once.
    #[schema(minimum = 0, maximum = 168, default = 24)]
    pub overlap_hours: u16,
    /// When the new key ends: in 90 days when left out, in a year at most.
    pub expires_at: Option<Instant>,
}

impl Default for RotateApiKey {
    fn default() -> Self {
        Self { overlap_hours: 24, expires_at: None }
    }
}

impl RotateApiKey {
    /// When the old key ends at the latest.
    ///
    /// # Errors
    /// 422 for more than a week.
    pub fn old_ends_at(&self, now: Instant) -> Result<Instant> {
        if self.overlap_hours > LONGEST_OVERLAP_HOURS {
            return Err(Error::field("/overlap_hours", Invalid::TooLarge(LONGEST_OVERLAP_HOURS.to_string())));
        }
        Ok(now.after(Duration::hours(self.overlap_hours.into())))
    }
}

/// When a key made now ends.
///
/// # Errors
/// 422 for a moment that is past or more than a year away.
pub fn ends_at(asked: Option<Instant>, now: Instant) -> Result<Instant> {
    let latest = now.after(LONGEST_LIFE);
    match asked {
        None => Ok(now.after(DEFAULT_LIFE)),
        Some(moment) if moment <= now => Err(Error::field("/expires_at", Invalid::TooSmall(rfc_3339(now)))),
        Some(moment) if moment > latest => Err(Error::field("/expires_at", Invalid::TooLarge(rfc_3339(latest)))),
        Some(moment) => Ok(moment),
    }
}

fn rfc_3339(moment: Instant) -> String {
    moment.utc().to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

/// What is wrong with lists of scopes and networks.
pub fn breaches_of_lists(scopes: Option<&[ScopeName]>, networks: &[Network]) -> Vec<FieldError> {
    let mut breaches = Vec::new();
    if let Some(scopes) = scopes {
        match scopes.len() {
            0 => breaches.push(FieldError::new("/scopes", Invalid::TooShort(1))),
            count if count > MAX_SCOPES => breaches.push(FieldError::new("/scopes", Invalid::TooLong(MAX_SCOPES))),
            _ => breaches.extend(repeated("/scopes", scopes.iter().map(ScopeName::as_str))),
        }
    }
    if networks.len() > MAX_NETWORKS {
        breaches.push(FieldError::new("/allowed_networks", Invalid::TooLong(MAX_NETWORKS)));
    } else {
        breaches.extend(repeated("/allowed_networks", networks.iter().map(Network::as_str)));
    }
    breaches
}

/// What is wrong with a list of departments.
pub fn breaches_of_departments(departments: &[DepartmentId]) -> Vec<FieldError> {
    if departments.len() > MAX_DEPARTMENTS {
        return vec![FieldError::new("/department_ids", Invalid::TooLong(MAX_DEPARTMENTS))];
    }
    repeated("/department_ids", departments.iter())
}

fn repeated<T: Eq + Hash>(pointer: &str, items: impl Iterator<Item = T>) -> Vec<FieldError> {
    let say = || Say::new("This is in the list already.", "Это уже есть в списке.");
    let mut seen = HashSet::new();
    items
        .enumerate()
        .filter_map(|(index, item)| (!seen.insert(item)).then_some(index))
        .map(|index| FieldError::new(format!("{pointer}/{index}"), Invalid::Rule("repeated", say())))
        .collect()
}
