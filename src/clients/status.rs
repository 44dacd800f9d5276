//! The life of a client: lead → prospect → active → dormant → lost, and archived.

use serde::{Deserialize, Serialize};
use strum::{AsRefStr, EnumIter, EnumString, IntoEnumIterator, IntoStaticStr, VariantNames};
use utoipa::ToSchema;

use crate::{
    db::stored_as_text,
    error::{Error, Result},
};

/// Where the company stands with a client.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    ToSchema,
    AsRefStr,
    EnumString,
    VariantNames,
    EnumIter,
    diesel::expression::AsExpression,
    diesel::deserialize::FromSqlRow,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[diesel(sql_type = diesel::sql_types::Text)]
pub enum ClientStatus {
    /// Known, not yet spoken with in earnest.
    Lead,
    /// Interested.
    Prospect,
    /// Buys.
    Active,
    /// Has bought, and is silent.
    Dormant,
    /// Will not buy.
    Lost,
    /// Put away; can be restored.
    Archived,
}
stored_as_text!(ClientStatus);

impl ClientStatus {
    /// Refuses to work on an archived client.
    ///
    /// # Errors
    /// 409.
    pub fn refuse_archived(self) -> Result<()> {
        match self {
            Self::Archived => Err(Error::transition("archived", &["restore"])),
            _ => Ok(()),
        }
    }
}

/// A step from one status to another. Its name is the verb of its address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, AsRefStr, IntoStaticStr, EnumIter)]
#[strum(serialize_all = "kebab-case")]
pub enum Transition {
    /// A lead is worth work.
    Qualify,
    /// The client buys.
    Activate,
    /// The client is silent.
    MarkDormant,
    /// The client is lost.
    MarkLost,
    /// The client is archived.
    Archive,
    /// The client is restored to the status it had.
    Restore,
}

impl Transition {
    /// Where the step leads from `status`; `None` where it is not possible. `archived_from` is the status before the
    /// archive.
    pub fn target(self, status: ClientStatus, archived_from: Option<ClientStatus>) -> Option<ClientStatus> {
        use ClientStatus::{Active, Archived, Dormant, Lead, Lost, Prospect};
        match (self, status) {
            (Self::Qualify, Lead) => Some(Prospect),
            (Self::Activate, Lead | Prospect | Dormant | Lost) => Some(Active),
            (Self::MarkDormant, Active) => Some(Dormant),
            (Self::MarkLost, Lead | Prospect | Active | Dormant) => Some(Lost),
            (Self::Archive, Lead | Prospect | Active | Dormant | Lost) => Some(Archived),
            (Self::Restore, Archived) => archived_from,
            _ => None,
        }
    }

    /// Whether the client departs with the step, which nothing may be under way with then.
    pub fn is_departure(self) -> bool {
        matches!(self, Self::MarkLost | Self::Archive)
    }

    /// The name of the step in the audit log and in events.
    pub fn done(self) -> &'static str {
        match self {
            Self::Qualify => "qualified",
            Self::Activate => "activated",
            Self::MarkDormant => "marked_dormant",
            Self::MarkLost => "marked_lost",
            Self::Archive => "archived",
            Self::Restore => "restored",
        }
    }

    /// The steps possible from `status`.
    pub fn possible(status: ClientStatus, archived_from: Option<ClientStatus>) -> Vec<Self> {
        Self::iter().filter(|step| step.target(status, archived_from).is_some()).collect()
    }

    /// Where the step leads.
    ///
    /// # Errors
    /// 409 with the state and the steps that are possible.
    pub fn apply(self, status: ClientStatus, archived_from: Option<ClientStatus>) -> Result<ClientStatus> {
        self.target(status, archived_from).ok_or_else(|| {
            let possible = Self::possible(status, archived_from);
            let names: Vec<&str> = possible.iter().map(AsRef::as_ref).collect();
            Error::transition(status.as_ref(), &names)
        })
    }
}

#[cfg(test)]
mod tests {
    use strum::IntoEnumIterator;

    use super::{ClientStatus, Transition};

    /// Every step from every status: the row's status, then `qualify`, `activate`, `mark_dormant`, `mark_lost`,
    /// `archive`, `restore`.
    const TABLE: &str = "
        lead      prospect  active  -        lost  archived  -
        prospect  -         active  -        lost  archived  -
        active    -         -       dormant  lost  archived  -
        dormant   -         active  -        lost  archived  -
        lost      -         active  -        -     archived  -
        archived  -         -       -        -     -         prospect";

    #[test]
    fn each_step_leads_where_the_table_says() {
        let mut rows = TABLE.split_whitespace();
        for status in ClientStatus::iter() {
            assert_eq!(rows.next(), Some(status.as_ref()));
            let before = (status == ClientStatus::Archived).then_some(ClientStatus::Prospect);
            for step in Transition::iter() {
                let target = step.target(status, before);
                assert_eq!(rows.next(), Some(target.as_ref().map_or("-", AsRef::as_ref)), "{status:?} {step:?}");
            }
        }
    }
}
