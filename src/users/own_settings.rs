//! What users set for themselves.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::model::User;
use crate::{
    access::{Scope, Update, UserId},
    change::{self, Tx},
    error::Result,
    http::{IfMatch, Patch, PatchText, Terms},
    values::{Language, TimeZone},
};

/// The fields of their own account that persons write.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnSettings {
    /// The time zone in which the caller's day begins; the organisation's when there is none.
    pub timezone: Option<TimeZone>,
    /// The language in which the server speaks to the caller; the organisation's when there is none.
    pub language: Option<Language>,
}

/// The fields of the caller's own account to change.
pub type OwnSettingsPatch = Patch<OwnSettings>;

impl Terms for OwnSettings {
    const PATCH: PatchText = PatchText {
        name: "OwnSettingsPatch",
        description: "The fields of the caller's own account to change.",
        example: r#"{"timezone": "Europe/Moscow", "language": "ru"}"#,
    };
}

/// Changes the settings of the user `id`, who is the caller. That needs no right to administer users.
///
/// # Errors
/// 412, 422.
pub async fn update(tx: &mut Tx<'_>, id: UserId, seen: &IfMatch, patch: &OwnSettingsPatch) -> Result<User> {
    let before = change::lock(tx, &Scope::<User, Update>::system(), id, seen).await?;
    let own = OwnSettings { timezone: before.terms.timezone.clone(), language: before.terms.language };
    let OwnSettings { timezone, language } = patch.apply(&own)?;
    let mut after = before.clone();
    after.terms.timezone = timezone;
    after.terms.language = language;
    change::save(tx, "updated", &before, after).await
}
