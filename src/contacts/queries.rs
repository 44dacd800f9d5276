//! Every query on contacts.

use std::collections::HashSet;

use diesel::{ExpressionMethods, NullableExpressionMethods, OptionalExtension, QueryDsl, dsl::exists, pg::Pg};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::{
    consent::{CLOCKS_APART, in_future},
    model::{Contact, ContactFilter, ContactId, ContactPatch, ContactSort, ContactTerms, NewContact},
    primary,
    steps::Transition,
};
use crate::{
    access::{Action, Create, Delete, Read, Scope, Update, Within},
    change::{Patched, Row, Tx, begin_custom, check_custom, lock, lock_to_patch, patched, refuse_held, save},
    clients::{self, Client, ClientId},
    db::{
        Sql, columns_of, insert_many,
        schema::{contacts, interactions},
    },
    error::{Error, OnConstraint, ProblemType, Result},
    external_ids,
    http::{IfMatch, Parts},
    list::{By, ByCustom, ListQuery, Page, Sort, SortKey, SortValue, Spelling, keyset_within, search},
    values::{Entity, Instant, Resource},
};

static INSERT: Sql = Sql::new();
static INSERT_MANY: Sql = Sql::new();
static SAVE: Sql = Sql::new();

type Boxed = contacts::BoxedQuery<'static, Pg>;

/// The query for the rows of `filter` within reach. The page and its total both use it.
fn filtered(within: Within<Contact>, filter: &ContactFilter, spelling: Spelling) -> Boxed {
    let mut query = contacts::table.filter(within).filter(contacts::erased_at.is_null()).into_boxed();
    if !filter.id.is_empty() {
        query = query.filter(contacts::id.eq_any(filter.id.clone()));
    }
    if !filter.client_id.is_empty() {
        query = query.filter(contacts::client_id.eq_any(filter.client_id.clone()));
    }
    if !filter.owner_id.is_empty() {
        query = query.filter(contacts::owner_id.eq_any(filter.owner_id.clone()));
    }
    if let Some(known) = external_ids::known::<Contact>(filter.external_source.as_ref(), filter.external_id.as_ref()) {
        query = query.filter(known);
    }
    if !filter.decision_role.is_empty() {
        query = query.filter(contacts::decision_role.eq_any(filter.decision_role.clone()));
    }
    if let Some(is_primary) = filter.is_primary {
        query = query.filter(contacts::is_primary.eq(is_primary));
    }
    query = match (filter.is_retired, filter.id.is_empty()) {
        (Some(true), _) => query.filter(contacts::retired_at.is_not_null()),
        (Some(false), _) | (None, true) => query.filter(contacts::retired_at.is_null()),
        (None, false) => query,
    };
    if let Some(from) = filter.updated_at_from {
        query = query.filter(contacts::updated_at.ge(from));
    }
    if let Some(to) = filter.updated_at_to {
        query = query.filter(contacts::updated_at.lt(to));
    }
    match &filter.q {
        Some(words) => search(query, Contact::NAME, words, spelling),
        None => query,
    }
}

/// A page of the contacts within reach.
///
/// # Errors
/// When the database fails.
pub async fn list(
    db: &AsyncPgConnection,
    scope: &Scope<Contact, Read>,
    query: &ListQuery<ContactFilter>,
) -> Result<Page<Contact>> {
    let filter = &query.filter;
    let custom = ByCustom::asked::<Contact>(scope.actor(), &filter.custom_field, filter.custom_sort.as_ref())?;
    let by = By::asked(filter.sort, filter.q.as_ref(), Sort { key: ContactSort::UpdatedAt, descending: true })
        .or_custom(&custom);
    let order = by.order(Contact::NAME, column);
    let load = async |spelling| {
        let page = keyset_within(
            scope,
            |within| custom.narrow(filtered(within, filter, spelling)),
            order.spelled(spelling),
            query.after.clone(),
            query.limit,
        );
        page.select(columns_of::<Contact>()).load(&mut &*db).await
    };
    let found = query.spelled(filter.q.as_ref(), load).await?;
    let total = match query.total {
        true => Some(custom.counted(filtered(scope.visible(), filter, found.1)).count().get_result(&mut &*db).await?),
        false => None,
    };
    query.page_of_search(found, total, |contact: &Contact| (by.key(|sort| value(sort, contact)), contact.uuid()))
}

/// The next contacts within reach after the one with the id `after`, in the order of their ids: for what goes through all.
///
/// # Errors
/// When the database fails.
pub async fn chunk(
    mut db: &AsyncPgConnection,
    scope: &Scope<Contact, Read>,
    filter: &ContactFilter,
    after: ContactId,
    limit: i64,
) -> Result<Vec<Contact>> {
    let custom = ByCustom::asked::<Contact>(scope.actor(), &filter.custom_field, None)?;
    let rows = custom.narrow(filtered(scope.visible(), filter, Spelling::AsWritten));
    let rows = rows.filter(contacts::id.gt(after)).order(contacts::id).limit(limit).select(columns_of::<Contact>());
    Ok(rows.load(&mut db).await?)
}

fn column(sort: ContactSort) -> SortKey {
    match sort {
        ContactSort::Name => SortKey::Name("name"),
        ContactSort::UpdatedAt => SortKey::Column("updated_at"),
    }
}

fn value(sort: ContactSort, contact: &Contact) -> SortValue {
    match sort {
        ContactSort::Name => SortValue::Text(contact.terms.name.as_str().to_owned()),
        ContactSort::UpdatedAt => SortValue::Instant(contact.updated_at),
    }
}

/// The contact `id`, within reach.
///
/// # Errors
/// 404 when there is none, 410 when it was erased.
pub async fn find<A: Action>(mut db: &AsyncPgConnection, scope: &Scope<Contact, A>, id: ContactId) -> Result<Contact> {
    let contact: Option<Contact> = contacts::table
        .filter(contacts::id.eq(id))
        .filter(scope.visible())
        .select(columns_of::<Contact>())
        .first(&mut db)
        .await
        .optional()?;
    contact.ok_or_else(Error::not_found)?.unless_erased()
}

/// The contacts among `ids` that interactions refer to, in one query. It checks no reach: the contacts were read within
/// reach before.
///
/// # Errors
/// When the database fails.
pub async fn referred_to(mut db: &AsyncPgConnection, ids: Vec<ContactId>) -> Result<HashSet<ContactId>> {
    if ids.is_empty() {
        return Ok(HashSet::new());
    }
    let referring = interactions::table.filter(interactions::contact_id.eq(contacts::id.nullable()));
    let rows: Vec<ContactId> = contacts::table
        .filter(contacts::id.eq_any(ids))
        .filter(exists(referring))
        .select(contacts::id)
        .load(&mut db)
        .await?;
    Ok(rows.into_iter().collect())
}

/// Creates a contact.
///
/// # Errors
/// 422 for a client out of reach and for values against the rules, 409 for an archived client, 403 for a client to
/// which the caller may not add contacts.
pub async fn insert(
    tx: &mut Tx<'_>,
    scope: &Scope<Contact, Create>,
    Parts(start, terms): NewContact,
) -> Result<Contact> {
    let client = clients::hold_to_touch(tx, start.client_id, "/client_id").await?;
    let now = tx.now();
    let mut contact = Contact {
        id: tx.new_id(),
        version: 1,
        created_at: now,
        updated_at: now,
        client_id: client.id,
        owner_id: client.owner_id,
        team_id: client.team_id,
        is_key: client.is_key,
        retired_at: None,
        erased_at: None,
        terms,
    };
    scope.permit(&contact)?;
    contact.check(now)?;
    begin_custom(tx, &mut contact).await?;
    contact.refuse_taken(tx, None).await?;
    if contact.terms.is_primary {
        primary::give_way(tx, contact.client_id).await?;
    }
    let insert = INSERT.of(diesel::insert_into(contacts::table).values(&contact));
    insert.execute(&mut **tx).await.on_constraint(breached)?;
    tx.created(&contact);
    Ok(contact)
}

/// Creates the first contact of each of clients that were just created, in one statement.
///
/// # Errors
/// 403 for who may not add contacts to one of them, 422 for values against the rules.
pub async fn insert_first(
    tx: &mut Tx<'_>,
    scope: &Scope<Contact, Create>,
    new: Vec<(&Client, ContactTerms)>,
) -> Result<()> {
    let now = tx.now();
    let mut contacts = Vec::with_capacity(new.len());
    for (client, terms) in new {
        let (client_id, owner_id, team_id, is_key) = (client.id, client.owner_id, client.team_id, client.is_key);
        let id = tx.new_id();
        let mut contact = Contact {
            id,
            version: 1,
            created_at: now,
            updated_at: now,
            client_id,
            owner_id,
            team_id,
            is_key,
            retired_at: None,
            erased_at: None,
            terms,
        };
        scope.permit(&contact)?;
        contact.check(now)?;
        begin_custom(tx, &mut contact).await?;
        contacts.push(contact);
    }
    let insert = |some| diesel::insert_into(contacts::table).values(some);
    insert_many(tx, &INSERT_MANY, &contacts, insert).await.on_constraint(breached)?;
    for contact in &contacts {
        tx.created(contact);
    }
    Ok(())
}

/// Changes the fields that `patch` names.
///
/// # Errors
/// 404, 403, 412, 409 when the client is archived, 422 for values against the rules.
pub async fn update(
    tx: &mut Tx<'_>,
    scope: &Scope<Contact, Update>,
    id: ContactId,
    seen: &IfMatch,
    patch: ContactPatch,
) -> Result<Contact> {
    lock_client(tx, scope, id).await?;
    let before = lock_to_patch(tx, scope, id, seen, &patch).await?;
    clients::refuse_archived(tx, before.client_id).await?;
    let after = patched(&before, &patch)?;
    after.check(tx.now())?;
    if after.terms.is_primary && !before.terms.is_primary {
        primary::give_way(tx, after.client_id).await?;
    }
    save(tx, "updated", &before, after).await
}

/// Notes that the person left the client at the moment `at`, or now.
///
/// # Errors
/// 404, 403, 412, 409 when the client is archived or the person has left before, 422 for a moment in the future.
pub async fn retire(
    tx: &mut Tx<'_>,
    scope: &Scope<Contact, Update>,
    id: ContactId,
    seen: &IfMatch,
    at: Option<Instant>,
) -> Result<Contact> {
    lock_client(tx, scope, id).await?;
    let before = lock(tx, scope, id, seen).await?;
    clients::refuse_archived(tx, before.client_id).await?;
    Transition::Retire.check(&before)?;
    let at = at.unwrap_or(tx.now());
    if at > tx.now().after(chrono::Duration::minutes(CLOCKS_APART)) {
        return Err(Error::field("/retired_at", in_future()));
    }
    let mut after = Contact { retired_at: Some(at), ..before.clone() };
    after.terms.is_primary = false;
    save(tx, "retired", &before, after).await
}

/// Notes that the person is at the client again.
///
/// # Errors
/// 404, 403, 412, 409 when the client is archived or the person has not left.
pub async fn restore(
    tx: &mut Tx<'_>,
    scope: &Scope<Contact, Update>,
    id: ContactId,
    seen: &IfMatch,
) -> Result<Contact> {
    lock_client(tx, scope, id).await?;
    let before = lock(tx, scope, id, seen).await?;
    clients::refuse_archived(tx, before.client_id).await?;
    Transition::Restore.check(&before)?;
    let after = Contact { retired_at: None, ..before.clone() };
    save(tx, "restored", &before, after).await
}

/// Deletes a contact that nothing refers to.
///
/// # Errors
/// 404, 403, 412, 409 when the client is archived or interactions refer to the contact.
pub async fn delete(tx: &mut Tx<'_>, scope: &Scope<Contact, Delete>, id: ContactId, seen: &IfMatch) -> Result<()> {
    lock_client(tx, scope, id).await?;
    let contact = lock(tx, scope, id, seen).await?;
    clients::refuse_archived(tx, contact.client_id).await?;
    diesel::delete(contacts::table.find(id)).execute(&mut **tx).await.on_constraint(breached)?;
    tx.deleted(&contact);
    Ok(())
}

/// Locks the client of a contact, which is found by the words of its contacts and so written with them. A transfer also locks
/// the client first, and the other order could deadlock with it.
///
/// # Errors
/// 404.
pub async fn lock_client<A: Action>(tx: &mut Tx<'_>, scope: &Scope<Contact, A>, id: ContactId) -> Result<Client> {
    let visible = contacts::table.filter(contacts::id.eq(id)).filter(scope.visible());
    let client_id: Option<ClientId> = visible.select(contacts::client_id).first(&mut **tx).await.optional()?;
    clients::lock_to_touch(tx, client_id.ok_or_else(Error::not_found)?).await
}

impl Row for Contact {
    type Id = ContactId;

    async fn find_locked<A: Action>(tx: &mut Tx<'_>, scope: &Scope<Self, A>, id: ContactId) -> Result<Option<Self>> {
        let row = contacts::table.filter(contacts::id.eq(id)).filter(scope.visible()).select(columns_of::<Self>());
        let row: Option<Self> = row.for_no_key_update().first(&mut **tx).await.optional()?;
        row.map(Self::unless_erased).transpose()
    }

    async fn write(&self, tx: &mut Tx<'_>) -> Result<()> {
        let update = SAVE.of(diesel::update(contacts::table.find(self.id)).set(self.clone()));
        update.execute(&mut **tx).await.on_constraint(breached)?;
        Ok(())
    }

    async fn check_values(&self, tx: &mut Tx<'_>, before: &Self) -> Result<()> {
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

impl Patched for Contact {
    type Terms = ContactTerms;

    fn terms(&self) -> &ContactTerms {
        &self.terms
    }

    fn terms_mut(&mut self) -> &mut ContactTerms {
        &mut self.terms
    }
}

fn breached(constraint: &str) -> Option<Error> {
    match constraint {
        "contacts_primary_key" => Some(Error::new(ProblemType::Busy).retry_after(1)),
        "interactions_contact_id_fkey" => Some(
            Error::new(ProblemType::Conflict)
                .detail("Interactions refer to this contact.", "На этот контакт ссылаются взаимодействия."),
        ),
        _ => None,
    }
}
