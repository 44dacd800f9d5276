//! What a reason for losing a client is.

use diesel::prelude::{AsChangeset, Identifiable, Insertable, Queryable, Selectable};
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantNames};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    access::{Belongs, Ownership},
    db::schema::lost_reasons,
    http::{Patch, PatchText, Terms},
    list::Sort,
    values::{Entity, Id, Instant, Line, Resource, bounds},
};

/// The identifier of a reason for losing a client.
pub type LostReasonId = Id<LostReason>;

/// A reason for which clients are lost.
#[derive(
    Clone, Debug, PartialEq, Queryable, Selectable, Insertable, Identifiable, AsChangeset, Serialize, ToSchema,
)]
#[diesel(table_name = lost_reasons)]
#[schema(as = LostReasonFields)]
pub struct LostReason {
    /// Identifier.
    pub id: LostReasonId,
    /// Grows by one with each change.
    #[schema(minimum = 1)]
    pub version: i64,
    /// When the reason was created.
    pub created_at: Instant,
    /// When the reason was last changed.
    pub updated_at: Instant,
    /// The fields that callers write.
    #[diesel(embed)]
    #[serde(flatten)]
    pub terms: LostReasonTerms,
}

/// A reason for losing a client, to be created.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Insertable, AsChangeset, Serialize, Deserialize, ToSchema)]
#[diesel(table_name = lost_reasons, treat_none_as_null = true, treat_none_as_default_value = false)]
#[serde(deny_unknown_fields)]
#[schema(as = NewLostReason, example = json!({"name": "Moved abroad", "position": 55}))]
pub struct LostReasonTerms {
    /// Business: What the reason is called; no two reasons share a name.
    pub name: Line,
    /// Its place in the list: smaller ones come first.
    #[serde(default, deserialize_with = "bounds::within::<0, 10_000, _>")]
    #[schema(minimum = 0, maximum = 10_000)]
    pub position: i32,
    /// Whether it can be given now. A reason that was given stays with its clients when it is put out of use.
    #[serde(default = "active")]
    #[schema(default = true)]
    pub is_active: bool,
}

fn active() -> bool {
    true
}

/// The fields of a reason to change.
pub type LostReasonPatch = Patch<LostReasonTerms>;

impl Terms for LostReasonTerms {
    const PATCH: PatchText = PatchText {
        name: "LostReasonPatch",
        description: "The fields of a reason to change.",
        example: r#"{"position": 5}"#,
    };
}

impl Resource for LostReason {
    const NAME: &'static str = "lost_reasons";
}

impl Entity for LostReason {
    fn uuid(&self) -> Uuid {
        self.id.uuid()
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn path(&self) -> String {
        format!("/v1/lost-reasons/{}", self.id)
    }
}

impl Belongs for LostReason {
    fn ownership(&self) -> Option<Ownership> {
        None
    }
}

/// Which reasons to list, and how.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct LostReasonFilter {
    /// Only the reasons with one of these ids, at most 200.
    #[param(inline)]
    pub id: Vec<LostReasonId>,
    /// Only reasons that can be given now, or only the others; all when left out.
    pub is_active: Option<bool>,
    /// The order; `position` when left out.
    #[param(inline)]
    pub sort: Option<LostReasonSorting>,
}

/// The order of a list of reasons.
pub type LostReasonSorting = Sort<LostReasonSort>;

/// What reasons can be sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum LostReasonSort {
    /// The place in the list.
    Position,
    /// The reason's name.
    Name,
    /// When the reason was last changed.
    UpdatedAt,
}
