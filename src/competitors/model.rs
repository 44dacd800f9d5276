//! What a competitor is.

use diesel::prelude::{AsChangeset, Identifiable, Insertable, Queryable, Selectable};
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantNames};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    access::{Belongs, Ownership},
    db::schema::competitors,
    http::{Patch, PatchText, Terms},
    list::Sort,
    values::{Entity, Id, Instant, Line, Prose, Resource, Website},
};

/// The identifier of a competitor.
pub type CompetitorId = Id<Competitor>;

/// A company that sells what we sell.
#[derive(
    Clone, Debug, PartialEq, Queryable, Selectable, Insertable, Identifiable, AsChangeset, Serialize, ToSchema,
)]
#[diesel(table_name = competitors)]
#[schema(as = CompetitorFields)]
pub struct Competitor {
    /// Identifier.
    pub id: CompetitorId,
    /// Grows by one with each change.
    #[schema(minimum = 1)]
    pub version: i64,
    /// When the competitor was created.
    pub created_at: Instant,
    /// When the competitor was last changed.
    pub updated_at: Instant,
    /// The fields that callers write.
    #[diesel(embed)]
    #[serde(flatten)]
    pub terms: CompetitorTerms,
}

/// A competitor to be entered.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Insertable, AsChangeset, Serialize, Deserialize, ToSchema)]
#[diesel(table_name = competitors, treat_none_as_null = true, treat_none_as_default_value = false)]
#[serde(deny_unknown_fields)]
#[schema(as = NewCompetitor, example = json!({"name": "Tokyo Tea Traders", "website": "https://tea.example", "strengths": "Delivers within a day",
    "weaknesses": "Sells to companies only"}))]
pub struct CompetitorTerms {
    /// Business: What the competitor is called; no two share a name.
    pub name: Line,
    /// Business: Its website.
    pub website: Option<Website>,
    /// Business: What it does better than others.
    pub strengths: Option<Prose>,
    /// Business: What it does worse than others.
    pub weaknesses: Option<Prose>,
    /// Whether it is met now. Its offers are left out of comparisons when it is not.
    #[serde(default = "active")]
    #[schema(default = true)]
    pub is_active: bool,
}

fn active() -> bool {
    true
}

/// The fields of a competitor to change.
pub type CompetitorPatch = Patch<CompetitorTerms>;

impl Terms for CompetitorTerms {
    const PATCH: PatchText = PatchText {
        name: "CompetitorPatch",
        description: "The fields of a competitor to change.",
        example: r#"{"weaknesses": "Dear", "website": null}"#,
    };
}

impl Resource for Competitor {
    const NAME: &'static str = "competitors";
}

impl Entity for Competitor {
    fn uuid(&self) -> Uuid {
        self.id.uuid()
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn path(&self) -> String {
        format!("/v1/competitors/{}", self.id)
    }
}

impl Belongs for Competitor {
    fn ownership(&self) -> Option<Ownership> {
        None
    }
}

/// Which competitors to list, and how.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct CompetitorFilter {
    /// Only the competitors with one of these ids, at most 200.
    #[param(inline)]
    pub id: Vec<CompetitorId>,
    /// Only competitors that are met now, or only the others; all when left out.
    pub is_active: Option<bool>,
    /// The order; `name` when left out.
    #[param(inline)]
    pub sort: Option<CompetitorSorting>,
}

/// The order of a list of competitors.
pub type CompetitorSorting = Sort<CompetitorSort>;

/// What competitors can be sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum CompetitorSort {
    /// The name.
    Name,
    /// When the competitor was last changed.
    UpdatedAt,
}
