//! The page of a client as a caller sees it.

use diesel_async::AsyncPgConnection;
use futures_util::future::{Future, OptionFuture, join};
use serde::Serialize;
use utoipa::ToSchema;

use super::model::{ClientPageInclude, ClientPageIncludes};
use crate::{
    access::Actor,
    account_teams,
    clients::{self, Client, ClientCompleteness, ClientId, ClientView, Expected},
    contacts::{self, ContactView},
    contracts::{self, ContractView},
    error::{Error, Result},
    http::View,
    interactions::{self, InteractionView},
    orders::{self, OrderTotals, OrderView},
    users::UserRef,
    values::Instant,
};

/// A client, and what was included of what belongs to it, each part within the caller's reach.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e2f", "version": 3, "custom_fields": {}, "created_at": "2026-11-20T09:30:00Z",
    "updated_at": "2026-11-24T09:30:00Z", "kind": "organization", "name": "Romashka", "legal_name": null, "tax_id": "7707083893",
    "kpp": null, "registration_number": null, "foreign_ids": [], "bank_accounts": [], "parent_id": null, "industry": "Retail",
    "status": "active", "source": null, "email": null, "other_emails": [], "phone": null, "other_phones": [],
    "formatted_phones": {}, "messengers": [], "address": null, "website": null, "employees": 120, "language": "ru",
    "timezone": "Europe/Moscow", "owner_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e30",
    "team_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e31", "is_key": false, "tags": ["wholesale"], "external_ids": [{"source": "erp", "id": "4711"}], "last_verified_at": null, "last_interaction_at": "2026-11-23T14:00:00Z", "next_interaction_at": null,
    "archived_from": null, "lost_reason_id": null, "lost_at": null, "actions": ["update", "verify"],
    "owner": {"id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e30", "name": "Anna Petrova", "job_title": null}, "account_team": [],
    "totals": {"contacts": 2, "interactions": 14, "open_interactions": 1, "contracts": 1, "contracts_under_way": 1,
        "orders_under_way": 1, "orders": {"count": 6, "currencies": [{"currency": "USD", "count": 6, "net_total": "4273.00",
        "tax_total": "0.00", "total": "4273.00"}]}}}))]
pub struct ClientDetails {
    #[serde(flatten)]
    #[schema(value_type = ClientView)]
    client: ClientView,
    /// The first 50 contacts who have not left, the primary one before the others, when included.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 50)]
    contacts: Option<Vec<ContactView>>,
    /// Who works with the client besides the owner, when included.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 50)]
    account_team: Option<Vec<UserRef>>,
    /// The next 20 planned interactions, the most urgent one first, when included.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 20)]
    open_interactions: Option<Vec<InteractionView>>,
    /// The last 20 interactions that are not planned any more, the latest first, when included.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 20)]
    last_interactions: Option<Vec<InteractionView>>,
    /// The 20 contracts that changed last, the latest first, when included.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 20)]
    contracts: Option<Vec<ContractView>>,
    /// The 20 orders that changed last, without their lines, the latest first, when included.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 20)]
    orders: Option<Vec<OrderView>>,
    /// How many there are of each, and what the orders come to, when included.
    #[serde(skip_serializing_if = "Option::is_none")]
    totals: Option<ClientTotals>,
    /// How much of what the organisation expects is known of the client, when included.
    #[serde(skip_serializing_if = "Option::is_none")]
    completeness: Option<ClientCompleteness>,
}

/// What there is of a client within the caller's reach.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"contacts": 2, "interactions": 14, "open_interactions": 1, "contracts": 1, "contracts_under_way": 1,
    "orders_under_way": 1, "orders": {"count": 6, "currencies": [{"currency": "USD", "count": 6, "net_total": "4273.00",
    "tax_total": "0.00", "total": "4273.00"}]}}))]
pub struct ClientTotals {
    /// The contacts who have not left.
    #[schema(minimum = 0)]
    contacts: i64,
    /// The interactions, planned or not.
    #[schema(minimum = 0)]
    interactions: i64,
    /// The planned interactions.
    #[schema(minimum = 0)]
    open_interactions: i64,
    /// The contracts.
    #[schema(minimum = 0)]
    contracts: i64,
    /// The contracts in review, approved, signed or active.
    #[schema(minimum = 0)]
    contracts_under_way: i64,
    /// The orders that were submitted and are not fulfilled yet.
    #[schema(minimum = 0)]
    orders_under_way: i64,
    /// What the orders come to, without drafts, rejected and cancelled ones.
    orders: OrderTotals,
}

impl View for ClientDetails {
    type Row = Client;

    fn row(&self) -> &Client {
        self.client.row()
    }
}

/// `client` as `actor` sees it at `now`, with what `include` asks for, in a number of queries that does not grow with it.
///
/// # Errors
/// 403 when the right of `actor` to see a part reaches less far than that to see clients: nothing that was asked for is left
/// out in silence.
pub async fn page(
    db: &AsyncPgConnection,
    client: Client,
    include: &ClientPageIncludes,
    actor: &Actor,
    now: Instant,
) -> Result<ClientDetails> {
    use ClientPageInclude as Part;
    let id = client.id;
    let completeness = match include.has(Part::Completeness) {
        true => Some(clients::completeness_of(&client, &Expected::load(db, actor).await?)?),
        false => None,
    };
    let persons = join(
        part(include.has(Part::Contacts), contacts::of_client(db, actor, id)),
        part(include.has(Part::AccountTeam), account_teams::members_of(db, id)),
    );
    let interactions = join(
        part(include.has(Part::OpenInteractions), interactions::open_of_client(db, actor, id, now)),
        part(include.has(Part::LastInteractions), interactions::last_of_client(db, actor, id, now)),
    );
    let business = join(
        part(include.has(Part::Contracts), contracts::of_client(db, actor, id)),
        part(include.has(Part::Orders), orders::of_client(db, actor, id)),
    );
    let of_lists = include.of_lists();
    let views = clients::views(db, vec![client], &of_lists, actor);
    let totals = part(include.has(Part::Totals), totals(db, actor, id));
    let ((views, totals), (persons, (interactions, business))) =
        join(join(views, totals), join(persons, join(interactions, business))).await;
    Ok(ClientDetails {
        client: views?.pop().ok_or_else(Error::not_found)?,
        contacts: persons.0?,
        account_team: persons.1?,
        open_interactions: interactions.0?,
        last_interactions: interactions.1?,
        contracts: business.0?,
        orders: business.1?,
        totals: totals?,
        completeness,
    })
}

/// The result of `load`, which is begun only when it is asked for.
async fn part<T>(asked: bool, load: impl Future<Output = Result<T>>) -> Result<Option<T>> {
    OptionFuture::from(asked.then_some(load)).await.transpose()
}

async fn totals(db: &AsyncPgConnection, actor: &Actor, id: ClientId) -> Result<ClientTotals> {
    let (contacts, interactions) =
        join(contacts::count_of_client(db, actor, id), interactions::count_of_client(db, actor, id)).await;
    let (contracts, orders) =
        join(contracts::count_of_client(db, actor, id), orders::totals_of_client(db, actor, id)).await;
    let ((interactions, open_interactions), (contracts, contracts_under_way)) = (interactions?, contracts?);
    let (orders, orders_under_way) = orders?;
    Ok(ClientTotals {
        contacts: contacts?,
        interactions,
        open_interactions,
        contracts,
        contracts_under_way,
        orders_under_way,
        orders,
    })
}
