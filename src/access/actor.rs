//! Who acts: a caller, the system itself, or somebody who is not signed in.

use std::sync::Arc;

use chrono_tz::Tz;

use super::{Action, Belongs, Caller, DuplicatesTell, Reach, Read, ReadConfidential, Scope, UserId};
use crate::{
    custom::Definitions,
    error::{Error, ProblemType, Result},
    values::{Language, Resource},
};

/// Who reads or changes something.
#[derive(Clone, Debug)]
pub enum Actor {
    /// A caller, with the rights of one.
    Caller(Arc<Caller>),
    /// The system itself, which may do everything.
    System,
    /// Somebody who is not signed in, who has no right at all.
    Nobody,
}

impl Actor {
    /// The user who acts. `None` for the system, and for somebody who is not signed in.
    pub fn user_id(&self) -> Option<UserId> {
        match self {
            Self::Caller(caller) => Some(caller.user_id),
            Self::System | Self::Nobody => None,
        }
    }

    /// The caller whose rights limit what is done. `None` for the system itself, which nothing limits.
    ///
    /// # Errors
    /// 401 for somebody who is not signed in.
    pub fn limited_by(&self) -> Result<Option<&Arc<Caller>>> {
        match self {
            Self::Caller(caller) => Ok(Some(caller)),
            Self::System => Ok(None),
            Self::Nobody => Err(Error::new(ProblemType::Unauthorized)),
        }
    }

    /// The right to do `A` to resources `R`.
    ///
    /// # Errors
    /// 403 naming the permission, 401 for somebody who is not signed in.
    pub fn scope<R: Resource, A: Action>(&self) -> Result<Scope<R, A>> {
        self.limited_by()?.map_or_else(|| Ok(Scope::system()), Scope::of)
    }

    /// The right to read resources `R` of clients that the actor may read.
    ///
    /// # Errors
    /// As [`Self::scope`], and 403 when the right reaches less far than that to read clients: what was asked for with a
    /// client is never left out in silence.
    pub fn scope_with_clients<R: Resource>(&self) -> Result<Scope<R, Read>> {
        let scope = self.scope::<R, Read>()?;
        let permission = Scope::<R, Read>::permission();
        match self.reach(&permission) < self.reach("clients:read") {
            true => Err(Error::forbidden(&permission)),
            false => Ok(scope),
        }
    }

    /// The time zone in which the actor's day begins; that of the system is UTC.
    pub fn zone(&self) -> Tz {
        match self {
            Self::Caller(caller) => caller.locale.zone,
            Self::System | Self::Nobody => Tz::UTC,
        }
    }

    /// The language in which the actor reads; that of the system is English.
    pub fn language(&self) -> Language {
        match self {
            Self::Caller(caller) => caller.locale.language,
            Self::System | Self::Nobody => Language::En,
        }
    }

    /// The organisation's time zone, in which the days of contracts begin; `None` where no caller has brought it along.
    pub fn zone_of_organization(&self) -> Option<Tz> {
        match self {
            Self::Caller(caller) => Some(caller.organization.zone),
            Self::System | Self::Nobody => None,
        }
    }

    /// The organisation's own fields; `None` where no caller has brought them along.
    pub fn custom(&self) -> Option<&Arc<Definitions>> {
        match self {
            Self::Caller(caller) => Some(&caller.custom),
            Self::System | Self::Nobody => None,
        }
    }

    /// Whether the actor sees only the orders of some departments.
    pub fn is_bound_to_departments(&self) -> bool {
        matches!(self, Self::Caller(caller) if caller.departments.is_some())
    }

    /// How far the right `permission` reaches.
    pub fn reach(&self, permission: &str) -> Reach {
        match self {
            Self::Caller(caller) => caller.policy.reach(permission),
            Self::System => Reach::All,
            Self::Nobody => Reach::None,
        }
    }

    /// What the actor is told of clients out of reach that they enter again.
    pub fn duplicates_tell(&self) -> DuplicatesTell {
        match self {
            Self::Caller(caller) => caller.policy.limits.duplicates_tell,
            Self::System | Self::Nobody => DuplicatesTell::Existence,
        }
    }

    /// Whether the right to do `A` covers `row`.
    pub fn may<R: Belongs, A: Action>(&self, row: &R) -> bool {
        match self {
            Self::Caller(caller) => caller.covers::<A>(R::NAME, A::NAME, row),
            Self::System => true,
            Self::Nobody => false,
        }
    }

    /// The version of `row` as the actor sees it: who may not see confidential members does not see that they change.
    pub fn version_of<R: Belongs>(&self, row: &R) -> i64 {
        match row.hidden_changes() {
            0 => row.version(),
            _ if self.may::<R, ReadConfidential>(row) => row.version(),
            hidden => row.version() - hidden,
        }
    }

    /// Whether the right `permission` to read would cover something with the same owner and team as `row`.
    pub fn reaches(&self, permission: &str, row: &impl Belongs) -> bool {
        match self {
            Self::Caller(caller) => permission
                .split_once(':')
                .is_some_and(|(resource, action)| caller.covers::<Read>(resource, action, row)),
            Self::System => true,
            Self::Nobody => false,
        }
    }
}
