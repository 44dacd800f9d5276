//! Every query on contracts.

use diesel::{BoolExpressionMethods, ExpressionMethods, OptionalExtension, QueryDsl, pg::Pg};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::{
    amend::refuse_unamendable,
    events,
    model::{Contract, ContractFilter, ContractId, ContractPatch, ContractSort, ContractTerms, NewContract},
    status::{ContractStatus, refused},
};
use crate::{
    access::{Action, Create, Delete, Read, Scope, Update, UserId, Within},
    change::{
        Patched, Row, Tx, begin_custom, check_custom, lock, lock_to_patch, note_editor, patched, refuse_held, save,
        unknown_reference,
    },
    clients,
    db::{Jsonb, Sql, columns_of, schema::contract_events, wide::contracts},
    error::{Error, OnConstraint, ProblemType, Result},
    external_ids,
    http::{IfMatch, Parts, Terms},
    list::{By, ByCustom, ListQuery, Page, Sort, SortKey, SortValue, Spelling, keyset_within, search},
    values::{Day, Entity, Instant, Resource, Text},
};

static INSERT: Sql = Sql::new();
static SAVE: Sql = Sql::new();

type Boxed = contracts::BoxedQuery<'static, Pg>;

/// The query for the rows of `filter` within reach. The page and its total both use it.
fn filtered(within: Within<Contract>, filter: &ContractFilter, today: Day, spelling: Spelling) -> Boxed {
    let mut query = contracts::table.filter(within).into_boxed();
    if !filter.id.is_empty() {
        query = query.filter(contracts::id.eq_any(filter.id.clone()));
    }
    if !filter.client_id.is_empty() {
        query = query.filter(contracts::client_id.eq_any(filter.client_id.clone()));
    }
    if !filter.owner_id.is_empty() {
        query = query.filter(contracts::owner_id.eq_any(filter.owner_id.clone()));
    }
    if !filter.author_id.is_empty() {
        query = query.filter(contracts::author_id.eq_any(filter.author_id.clone()));
    }
    if !filter.amends_id.is_empty() {
        query = query.filter(contracts::amends_id.eq_any(filter.amends_id.clone()));
    }
    if !filter.status.is_empty() {
        query = query.filter(contracts::status.eq_any(filter.status.clone()));
    }
    if !filter.currency.is_empty() {
        query = query.filter(contracts::currency.eq_any(filter.currency.clone()));
    }
    if let Some(known) = external_ids::known::<Contract>(filter.external_source.as_ref(), filter.external_id.as_ref()) {
        query = query.filter(known);
    }
    query = in_time(query, filter);
    let active = contracts::status.eq(ContractStatus::Active);
    query = match filter.notice_due {
        Some(true) => query.filter(active.and(contracts::notice_on.le(today))),
        Some(false) => {
            query.filter(diesel::dsl::not(active).or(contracts::notice_on.is_null()).or(contracts::notice_on.gt(today)))
        }
        None => query,
    };
    match &filter.q {
        Some(words) => search(query, Contract::NAME, words, spelling),
        None => query,
    }
}

fn in_time(mut query: Boxed, filter: &ContractFilter) -> Boxed {
    if let Some(from) = filter.starts_on_from {
        query = query.filter(contracts::starts_on.ge(from));
    }
    if let Some(to) = filter.starts_on_to {
        query = query.filter(contracts::starts_on.lt(to));
    }
    if let Some(from) = filter.ends_on_from {
        query = query.filter(contracts::ends_on.ge(from));
    }
    if let Some(to) = filter.ends_on_to {
        query = query.filter(contracts::ends_on.lt(to));
    }
    if let Some(from) = filter.updated_at_from {
        query = query.filter(contracts::updated_at.ge(from));
    }
    if let Some(to) = filter.updated_at_to {
        query = query.filter(contracts::updated_at.lt(to));
    }
    query
}

/// A page of the contracts within reach; `today` decides which notice days are due.
///
/// # Errors
/// When the database fails.
pub async fn list(
    db: &AsyncPgConnection,
    scope: &Scope<Contract, Read>,
    query: &ListQuery<ContractFilter>,
    today: Day,
) -> Result<Page<Contract>> {
    let filter = &query.filter;
    let custom = ByCustom::asked::<Contract>(scope.actor(), &filter.custom_field, filter.custom_sort.as_ref())?;
    let by = By::asked(filter.sort, filter.q.as_ref(), Sort { key: ContractSort::UpdatedAt, descending: true })
        .or_custom(&custom);
    let order = by.order(Contract::NAME, column);
    let load = async |spelling| {
        let page = keyset_within(
            scope,
            |within| custom.narrow(filtered(within, filter, today, spelling)),
            order.spelled(spelling),
            query.after.clone(),
            query.limit,
        );
        page.select(columns_of::<Contract>()).load(&mut &*db).await
    };
    let found = query.spelled(filter.q.as_ref(), load).await?;
    let total = match query.total {
        true => {
            Some(custom.counted(filtered(scope.visible(), filter, today, found.1)).count().get_result(&mut &*db).await?)
        }
        false => None,
    };
    query.page_of_search(found, total, |contract: &Contract| (by.key(|sort| value(sort, contract)), contract.uuid()))
}

fn column(sort: ContractSort) -> SortKey {
    match sort {
        ContractSort::UpdatedAt => SortKey::Column("updated_at"),
        ContractSort::Number => SortKey::Column("number_key"),
    }
}

fn value(sort: ContractSort, contract: &Contract) -> SortValue {
    match sort {
        ContractSort::UpdatedAt => SortValue::Instant(contract.updated_at),
        ContractSort::Number => {
            SortValue::Text(contract.number.as_ref().map(|number| number.as_str().to_owned()).unwrap_or_default())
        }
    }
}

/// The contract `id`, within reach.
///
/// # Errors
/// 404 when there is none.
pub async fn find<A: Action>(
    mut db: &AsyncPgConnection,
    scope: &Scope<Contract, A>,
    id: ContractId,
) -> Result<Contract> {
    contracts::table
        .filter(contracts::id.eq(id))
        .filter(scope.visible())
        .select(columns_of::<Contract>())
        .first(&mut db)
        .await
        .optional()?
        .ok_or_else(Error::not_found)
}

/// Drafts a contract; the caller is its author.
///
/// # Errors
/// 403 for a client that this right does not reach, 409 for a client that is lost or archived, 422 for values against the rules.
pub async fn insert(tx: &mut Tx<'_>, scope: &Scope<Contract, Create>, new: NewContract) -> Result<Contract> {
    let author = tx.user_id();
    let author = author.ok_or_else(|| Error::internal("the system drafts no contracts"))?;
    let now = tx.now();
    let contract = draft(tx, scope, new, author, now).await?;
    contract.refuse_taken(tx, None).await?;
    let created =
        events::Step { at: now, actor: Some(author), action: "created", from: None, to: ContractStatus::Draft };
    write(tx, contract, created, None).await
}

/// The draft of `new`: checked, but not yet written.
///
/// # Errors
/// As [`insert`].
pub async fn draft<A: Action>(
    tx: &mut Tx<'_>,
    scope: &Scope<Contract, A>,
    Parts(start, terms): NewContract,
    author_id: UserId,
    now: Instant,
) -> Result<Contract> {
    let client = clients::hold_for_business(tx, start.client_id, "/client_id").await?;
    let mut contract = Contract {
        id: tx.new_id(),
        version: 1,
        created_at: now,
        updated_at: now,
        client_id: client.id,
        owner_id: client.owner_id,
        team_id: client.team_id,
        is_key: client.is_key,
        number: None,
        status: ContractStatus::Draft,
        author_id,
        editor_ids: Jsonb(Vec::new()),
        return_reason: None,
        submitted_on: None,
        initial_ends_on: terms.ends_on,
        approved_by: None,
        approved_at: None,
        signed_on: None,
        amends_id: None,
        amendment: 0,
        effective_on: None,
        former_terms: None,
        terms,
    };
    scope.permit(&contract)?;
    contract.terms.check()?;
    begin_custom(tx, &mut contract).await?;
    Ok(contract)
}

/// Writes a new contract, with the first step of its history.
///
/// # Errors
/// 409 for a number that another contract has.
pub async fn write(
    tx: &mut Tx<'_>,
    contract: Contract,
    first: events::Step,
    reason: Option<&Text<1000>>,
) -> Result<Contract> {
    let insert = INSERT.of(diesel::insert_into(contracts::table).values(&contract));
    insert.execute(&mut **tx).await.on_constraint(breached)?;
    tx.created(&contract);
    if let Some(reason) = reason {
        tx.because(reason.as_str());
    }
    events::write(tx, &contract, first, reason).await?;
    Ok(contract)
}

/// Changes the fields of a draft that `patch` names.
///
/// # Errors
/// 404, 412, 403, 409 when it is not a draft, 422 for values against the rules.
pub async fn update(
    tx: &mut Tx<'_>,
    scope: &Scope<Contract, Update>,
    id: ContractId,
    seen: &IfMatch,
    patch: &ContractPatch,
) -> Result<Contract> {
    let before = lock_to_patch(tx, scope, id, seen, patch).await?;
    if before.status != ContractStatus::Draft {
        return Err(refused(before.status));
    }
    let mut after = patched(&before, patch)?;
    refuse_unamendable(&before, &after)?;
    after.initial_ends_on = after.terms.ends_on;
    if after.terms != before.terms {
        note_editor(&mut after.editor_ids, after.author_id, tx.user_id());
    }
    save(tx, "updated", &before, after).await
}

impl Contract {
    /// Whether it is a draft that was never approved: nobody else knows of it, and no number would be missing. Those of amendments
    /// are no sequence without gaps.
    pub fn can_be_discarded(&self) -> bool {
        self.status == ContractStatus::Draft && (self.number.is_none() || self.amends_id.is_some())
    }
}

/// Discards a draft that was never approved, with its history.
///
/// # Errors
/// 404, 403, 412, 409 for any other contract, and for one that orders or interactions name.
pub async fn discard(tx: &mut Tx<'_>, scope: &Scope<Contract, Delete>, id: ContractId, seen: &IfMatch) -> Result<()> {
    let contract = lock(tx, scope, id, seen).await?;
    if !contract.can_be_discarded() {
        return Err(refused(contract.status));
    }
    diesel::delete(contract_events::table.filter(contract_events::contract_id.eq(id))).execute(&mut **tx).await?;
    diesel::delete(contracts::table.find(id)).execute(&mut **tx).await.on_constraint(in_use)?;
    tx.deleted(&contract);
    Ok(())
}

fn breached(constraint: &str) -> Option<Error> {
    match constraint {
        "contracts_number_key" => Some(Error::taken("/number", None)),
        "contracts_author_id_fkey" => Some(unknown_reference("/author_id")),
        _ => None,
    }
}

fn in_use(constraint: &str) -> Option<Error> {
    constraint.ends_with("_contract_id_fkey").then(|| {
        Error::new(ProblemType::Conflict).detail(
            "An order or an interaction names this contract. Change that first.",
            "Договор указан в заказе или взаимодействии. Сначала измените их.",
        )
    })
}

impl Row for Contract {
    type Id = ContractId;

    async fn find_locked<A: Action>(tx: &mut Tx<'_>, scope: &Scope<Self, A>, id: ContractId) -> Result<Option<Self>> {
        let row = contracts::table.filter(contracts::id.eq(id)).filter(scope.visible()).select(columns_of::<Self>());
        Ok(row.for_no_key_update().first(&mut **tx).await.optional()?)
    }

    async fn write(&self, tx: &mut Tx<'_>) -> Result<()> {
        let update = SAVE.of(diesel::update(contracts::table.find(self.id)).set(self.clone()));
        update.execute(&mut **tx).await.on_constraint(breached)?;
        Ok(())
    }

    async fn check_values(&self, tx: &mut Tx<'_>, before: &Self) -> Result<()> {
        // The values are those of the contract that an amendment amends.
        if self.amends_id.is_some() {
            return Ok(());
        }
        check_custom(tx, before, self).await
    }

    async fn refuse_taken(&self, tx: &mut Tx<'_>, before: Option<&Self>) -> Result<()> {
        refuse_held(tx, before, self).await
    }

    fn advance(&mut self, now: Instant) {
        self.version += 1;
        self.updated_at = now;
    }
}

impl Patched for Contract {
    type Terms = ContractTerms;

    fn terms(&self) -> &ContractTerms {
        &self.terms
    }

    fn terms_mut(&mut self) -> &mut ContractTerms {
        &mut self.terms
    }
}
