//! The history of a contract: who took each step, when and why.

use std::collections::HashMap;

use diesel::{
    ExpressionMethods, QueryDsl, SelectableHelper,
    prelude::{Insertable, Queryable, Selectable},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::{Deserialize, Serialize};
use strum::{EnumString, VariantNames};
use utoipa::{IntoParams, ToSchema};

use super::{
    model::{Contract, ContractId},
    queries,
    status::ContractStatus,
};
use crate::{
    access::{Read, Scope, UserId},
    change::Tx,
    clients::ClientId,
    db::{Sql, schema::contract_events},
    error::Result,
    list::{ListQuery, Page, SortBy, SortValue, Words, keyset},
    users::{self, UserRef},
    values::{Id, Instant, Text},
};

static INSERT: Sql = Sql::new();

/// The identifier of a step.
pub type ContractEventId = Id<ContractEvent>;

/// A step of a contract's life.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Insertable, Serialize, ToSchema)]
#[diesel(table_name = contract_events, treat_none_as_default_value = false)]
#[schema(as = ContractEventFields)]
pub struct ContractEvent {
    /// Identifier.
    pub id: ContractEventId,
    /// The contract.
    #[serde(skip)]
    pub contract_id: ContractId,
    /// The contract's client.
    #[serde(skip)]
    pub client_id: ClientId,
    /// When the step was taken.
    pub at: Instant,
    /// Who took it; `null` when it was the system, by the clock.
    pub actor_id: Option<UserId>,
    /// What was done: `created`, `submitted`, `approved`, `returned`, `withdrawn`, `signed`, `activated`, `renewed`,
    /// `completed`, `expired`, `terminated`, `recorded`, `amended` or `applied`.
    #[schema(max_length = 20)]
    pub action: String,
    /// The status before; `null` for the first step.
    pub from_status: Option<ContractStatus>,
    /// The status after.
    pub to_status: ContractStatus,
    /// Why.
    pub reason: Option<Text<1000>>,
}

/// A step of a contract's life, and what was included.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ContractEvent, example = json!({"id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e2f", "at": "2026-11-24T09:30:00Z",
    "actor_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e30", "action": "returned", "from_status": "in_review", "to_status": "draft",
    "reason": "The price is below cost"}))]
pub struct ContractEventView {
    #[serde(flatten)]
    event: ContractEvent,
    /// Who took the step, when included.
    #[serde(skip_serializing_if = "Option::is_none")]
    actor: Option<UserRef>,
}

/// How to list a contract's history.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct HistoryFilter {
    /// Related resources to put in: one parameter each, or all in one, separated by commas.
    #[param(inline)]
    pub include: HistoryIncludes,
}

/// What to put into a step.
pub type HistoryIncludes = Words<HistoryInclude>;

/// What can be put into a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum HistoryInclude {
    /// Who took the step.
    Actor,
}

/// A page of the history of the contract `id`, newest first.
///
/// # Errors
/// 404 when there is no such contract.
pub async fn list(
    mut db: &AsyncPgConnection,
    scope: &Scope<Contract, Read>,
    id: ContractId,
    query: &ListQuery<HistoryFilter>,
) -> Result<Page<ContractEventView>> {
    let contract = queries::find(db, scope, id).await?;
    let of_contract = || contract_events::table.filter(contract_events::contract_id.eq(contract.id)).into_boxed();
    let order = SortBy::column("contract_events", "at", true);
    let rows = keyset(of_contract(), order, query.after.clone(), query.limit)
        .select(ContractEvent::as_select())
        .load(&mut db)
        .await?;
    let total = match query.total {
        true => Some(of_contract().count().get_result(&mut db).await?),
        false => None,
    };
    let mut page = query.page(rows, total, |event: &ContractEvent| (SortValue::Instant(event.at), event.id.uuid()))?;
    let events = std::mem::take(&mut page.data);
    let views = views(db, events, &query.filter.include).await?;
    Ok(page.with(views))
}

async fn views(
    db: &AsyncPgConnection,
    events: Vec<ContractEvent>,
    include: &HistoryIncludes,
) -> Result<Vec<ContractEventView>> {
    let actors: HashMap<UserId, UserRef> = if include.has(HistoryInclude::Actor) {
        users::references(db, events.iter().filter_map(|event| event.actor_id).collect()).await?
    } else {
        HashMap::new()
    };
    let view = |event: ContractEvent| {
        let actor = event.actor_id.and_then(|id| actors.get(&id).cloned());
        ContractEventView { event, actor }
    };
    Ok(events.into_iter().map(view).collect())
}

/// Who last submitted each of the contracts `ids` for review, in one query.
///
/// # Errors
/// When the database fails.
pub async fn submitters(mut db: &AsyncPgConnection, ids: &[ContractId]) -> Result<HashMap<ContractId, UserId>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<(ContractId, Option<UserId>)> = contract_events::table
        .filter(contract_events::contract_id.eq_any(ids))
        .filter(contract_events::to_status.eq(ContractStatus::InReview))
        .distinct_on(contract_events::contract_id)
        .order((contract_events::contract_id, contract_events::at.desc(), contract_events::id.desc()))
        .select((contract_events::contract_id, contract_events::actor_id))
        .load(&mut db)
        .await?;
    Ok(rows.into_iter().filter_map(|(id, actor)| Some((id, actor?))).collect())
}

/// Writes the step from the status `from` to the status of `contract`, which the caller of this transaction takes now.
///
/// # Errors
/// When the database fails.
pub async fn record(
    tx: &mut Tx<'_>,
    action: &'static str,
    from: Option<ContractStatus>,
    contract: &Contract,
    reason: Option<&Text<1000>>,
) -> Result<()> {
    let step = Step { at: tx.now(), actor: tx.user_id(), action, from, to: contract.status };
    write(tx, contract, step, reason).await
}

/// A step with its own time and actor.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// When it was taken.
    pub at: Instant,
    /// By whom.
    pub actor: Option<UserId>,
    /// What was done.
    pub action: &'static str,
    /// The status before.
    pub from: Option<ContractStatus>,
    /// The status after.
    pub to: ContractStatus,
}

/// Writes `step` into the history of `contract`.
///
/// # Errors
/// When the database fails.
pub async fn write(tx: &mut Tx<'_>, contract: &Contract, step: Step, reason: Option<&Text<1000>>) -> Result<()> {
    let event = ContractEvent {
        id: Id::generate(),
        contract_id: contract.id,
        client_id: contract.client_id,
        at: step.at,
        actor_id: step.actor,
        action: step.action.to_owned(),
        from_status: step.from,
        to_status: step.to,
        reason: reason.cloned(),
    };
    INSERT.of(diesel::insert_into(contract_events::table).values(&event)).execute(&mut **tx).await?;
    Ok(())
}
