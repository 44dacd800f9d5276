//! What an entry of the list of a client's owners is.

use diesel::prelude::{Insertable, Queryable, Selectable};
use serde::{Deserialize, Serialize};
use strum::{EnumString, VariantNames};
use utoipa::{IntoParams, ToSchema};

use crate::{
    access::UserId,
    clients::ClientId,
    db::schema::client_owners,
    list::Words,
    users::UserRef,
    values::{Id, Instant, Prose, Text},
};

/// The identifier of an entry.
pub type ClientOwnerId = Id<ClientOwner>;

/// Who owns a client, or owned it.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Insertable, Serialize, ToSchema)]
#[diesel(table_name = client_owners, treat_none_as_default_value = false)]
#[schema(as = ClientOwnerFields)]
pub struct ClientOwner {
    /// Identifier of the entry.
    pub id: ClientOwnerId,
    /// The client.
    #[serde(skip)]
    pub client_id: ClientId,
    /// The owner.
    pub user_id: UserId,
    /// Since when the client is theirs.
    pub began_at: Instant,
    /// When it was given to the next owner; `null` for the present one.
    pub ended_at: Option<Instant>,
    /// Who gave it to them, or created it for them; `null` when it was the system.
    pub given_by: Option<UserId>,
    /// Personal: Why it was given to them; `null` for the first owner.
    pub reason: Option<Text<1000>>,
    /// Personal: What the giver wanted the new owner to know.
    pub note: Option<Prose>,
}

/// Why a client gets another owner.
#[derive(Clone, Debug, Default)]
pub struct Why {
    /// Why; kept in the client's history.
    pub reason: Option<Text<1000>>,
    /// What the new owner should know.
    pub note: Option<Prose>,
}

/// Who owns a client, or owned it, and what was included.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ClientOwner, example = json!({"id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e2f",
    "user_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e30", "began_at": "2026-11-24T09:30:00Z", "ended_at": null,
    "given_by": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e31", "reason": "Anna is on leave",
    "note": "They expect a call on Monday. Olga decides."}))]
pub struct ClientOwnerView {
    #[serde(flatten)]
    pub(super) entry: ClientOwner,
    /// The owner, when included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) user: Option<UserRef>,
}

/// How to list the owners of a client.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct OwnerFilter {
    /// Related resources to put in: one parameter each, or all in one, separated by commas.
    #[param(inline)]
    pub include: OwnerIncludes,
}

/// What to put into an entry.
pub type OwnerIncludes = Words<OwnerInclude>;

/// What can be put into an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum OwnerInclude {
    /// The owner.
    User,
}
