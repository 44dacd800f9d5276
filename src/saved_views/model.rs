//! What a saved view is.

use diesel::prelude::{AsChangeset, Identifiable, Insertable, Queryable, Selectable};
use serde::{Deserialize, Serialize};
use strum::{EnumString, VariantNames};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    access::{Belongs, Owned, Ownership, TeamId, UserId},
    clients::{Condition, SavedViewId},
    db::{Jsonb, schema::saved_views},
    error::FieldError,
    http::{Patch, PatchText, Terms},
    list::Sort,
    values::{Entity, Instant, Line, Resource, Text, bounds},
};

/// Most saved views of one user.
pub const MOST_OF_USER: i64 = 200;

/// Conditions on clients that somebody keeps under a name.
#[derive(
    Clone, Debug, PartialEq, Queryable, Selectable, Insertable, Identifiable, AsChangeset, Serialize, ToSchema,
)]
#[diesel(table_name = saved_views, treat_none_as_null = true, treat_none_as_default_value = false)]
#[schema(as = SavedViewFields)]
pub struct SavedView {
    /// Identifier.
    pub id: SavedViewId,
    /// Grows by one with each change.
    #[schema(minimum = 1)]
    pub version: i64,
    /// When the view was created.
    pub created_at: Instant,
    /// When the view was last changed.
    pub updated_at: Instant,
    /// Whose view it is.
    pub owner_id: UserId,
    /// The owner's team.
    pub team_id: TeamId,
    /// The fields that callers write.
    #[diesel(embed)]
    #[serde(flatten)]
    pub terms: SavedViewTerms,
}

/// A saved view to be created, of the caller.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Insertable, AsChangeset, Serialize, Deserialize, ToSchema)]
#[diesel(table_name = saved_views, treat_none_as_null = true, treat_none_as_default_value = false)]
#[serde(deny_unknown_fields)]
#[schema(as = NewSavedView, example = json!({"name": "Buyers without a contract", "conditions": [{"ordered": {"from": "2026-01-01"}},
    {"not": {"active_contract": true}}], "sort": "-last_interaction_at", "fields": ["name", "owner", "phone"], "is_shared": true}))]
pub struct SavedViewTerms {
    /// Business: What the view is called; no two views of a user share a name.
    pub name: Line,
    /// What the clients meet, all of it; a list that takes the view as `view_id` has only those. At most eight levels deep and
    /// 100 conditions in all.
    #[serde(deserialize_with = "bounds::at_most::<100, _, _, _>")]
    #[schema(value_type = Vec<Condition>, max_items = 100)]
    pub conditions: Jsonb<Vec<Condition>>,
    /// Business: How a front end sorts the list; it is passed on as `sort`.
    pub sort: Option<Text<50>>,
    /// Business: What a front end shows of each client, at most 50; it is passed on as `fields`.
    #[serde(default, deserialize_with = "bounds::at_most::<50, _, _, _>")]
    #[schema(value_type = Vec<Text<50>>, max_items = 50)]
    pub fields: Jsonb<Vec<Text<50>>>,
    /// Whether everybody in the owner's team may read it.
    #[serde(default)]
    #[schema(default = false)]
    pub is_shared: bool,
}

/// The fields of a saved view to change.
pub type SavedViewPatch = Patch<SavedViewTerms>;

impl Terms for SavedViewTerms {
    const PATCH: PatchText = PatchText {
        name: "SavedViewPatch",
        description: "The fields of a saved view to change.",
        example: r#"{"name": "Buyers of this year without a contract", "is_shared": true}"#,
    };

    fn breaches(&self) -> Vec<FieldError> {
        Condition::breach(&self.conditions.0, "/conditions").into_iter().collect()
    }
}

impl Resource for SavedView {
    const NAME: &'static str = "saved_views";
}

impl Entity for SavedView {
    fn uuid(&self) -> Uuid {
        self.id.uuid()
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn path(&self) -> String {
        format!("/v1/saved-views/{}", self.id)
    }
}

impl Owned for SavedView {
    const KEY: Option<&'static str> = None;
    const CLIENT: Option<&'static str> = None;
}

impl Belongs for SavedView {
    fn ownership(&self) -> Option<Ownership> {
        Some(Ownership { owner: self.owner_id, team: self.team_id, is_key: true })
    }
}

/// Which saved views to list, and how.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct SavedViewFilter {
    /// Only the views with one of these ids, at most 200.
    #[param(inline)]
    pub id: Vec<SavedViewId>,
    /// Only views of one of these users.
    #[param(inline)]
    pub owner_id: Vec<UserId>,
    /// Only shared views, or only the others.
    pub is_shared: Option<bool>,
    /// The order; `-updated_at` when left out.
    #[param(inline)]
    pub sort: Option<SavedViewSorting>,
}

/// The order of a list of saved views.
pub type SavedViewSorting = Sort<SavedViewSort>;

/// What saved views can be sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum SavedViewSort {
    /// The view's name.
    Name,
    /// When the view was last changed.
    UpdatedAt,
}
