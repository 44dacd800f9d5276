//! Every query on clients.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::{
    business::Standing,
    conditions::Condition,
    duplicates::{self, Identifiers},
    filter::{ClientFilter, ClientSort},
    filtered::Wanted,
    finding::namesakes,
    merged,
    model::{Archive, Client, ClientId, ClientPatch, ClientTerms, Kind, NewClient},
    moments::{LAST_INTERACTION, LAST_VERIFIED, NEXT_INTERACTION},
    owners, pairs, parent,
    sight::refuse_blind,
    status::{ClientStatus, Transition},
};
use crate::{
    access::{Action, Create, Read, Scope, Update},
    change::{
        Patched, Row, Tx, begin_custom, check_custom, lock, lock_to_patch, patched, permit_confidential, refuse_held,
        save,
    },
    db::{Sql, columns_of, wide::clients},
    error::{Error, FieldError, Result},
    http::{IfMatch, Parts, Terms},
    list::{By, ListQuery, Page, Sort, SortKey, SortValue, Spelling, keyset_ranked, keyset_within},
    users::{self, Owner},
    values::{Entity, Instant, Invalid, Resource},
};

static INSERT: Sql = Sql::new();
static SAVE: Sql = Sql::new();
static GROW: Sql = Sql::new();

/// A page of the clients within reach for which `conditions` hold.
///
/// # Errors
/// As [`Wanted::by`].
pub async fn list(
    db: &AsyncPgConnection,
    scope: &Scope<Client, Read>,
    query: &ListQuery<ClientFilter>,
    conditions: Vec<Condition>,
) -> Result<Page<Client>> {
    let filter = &query.filter;
    let by = By::asked(filter.sort, filter.q.as_ref(), Sort { key: ClientSort::UpdatedAt, descending: true });
    let wanted = Wanted::by(db, scope.actor(), filter, conditions).await?;
    let by = by.or_custom(&wanted.custom);
    let order = by.order(Client::NAME, column);
    let load = async |spelling| {
        let (order, after) = (order.spelled(spelling), query.after.clone());
        let spelled = wanted.spelled(db, spelling).await?;
        let rows = |within| wanted.rows(within, &spelled);
        let page = match (&order.key, &filter.q) {
            (SortKey::Rank(..), Some(words)) => {
                let namesakes = vec![namesakes(rows(scope.visible()), words)];
                keyset_ranked(Client::NAME, || rows(scope.visible()), namesakes, order, after, query.limit)
            }
            _ => keyset_within(scope, rows, order, after, query.limit),
        };
        page.select(columns_of::<Client>()).load(&mut &*db).await
    };
    let found = query.spelled(filter.q.as_ref(), load).await?;
    let total = match query.total {
        true => {
            let rows = wanted.rows(scope.visible(), &wanted.spelled(db, found.1).await?);
            Some(wanted.custom.counted(rows).count().get_result(&mut &*db).await?)
        }
        false => None,
    };
    query.page_of_search(found, total, |client: &Client| (by.key(|sort| value(sort, client)), client.uuid()))
}

/// The next clients within reach after the one with the id `after`, in the order of their ids: for what goes through all.
///
/// # Errors
/// When the database fails.
pub async fn chunk(
    mut db: &AsyncPgConnection,
    scope: &Scope<Client, Read>,
    filter: &ClientFilter,
    after: ClientId,
    limit: i64,
) -> Result<Vec<Client>> {
    let wanted = Wanted::by(db, scope.actor(), filter, Vec::new()).await?;
    let rows = wanted.rows(scope.visible(), &wanted.spelled(db, Spelling::AsWritten).await?);
    let rows = rows.filter(clients::id.gt(after)).order(clients::id).limit(limit).select(columns_of::<Client>());
    Ok(rows.load(&mut db).await?)
}

fn column(sort: ClientSort) -> SortKey {
    match sort {
        ClientSort::Name => SortKey::Name("name"),
        ClientSort::CreatedAt => SortKey::Column("created_at"),
        ClientSort::UpdatedAt => SortKey::Column("updated_at"),
        ClientSort::LastInteractionAt => SortKey::Moment(LAST_INTERACTION),
        ClientSort::NextInteractionAt => SortKey::Moment(NEXT_INTERACTION),
        ClientSort::LastVerifiedAt => SortKey::Moment(LAST_VERIFIED),
    }
}

fn value(sort: ClientSort, client: &Client) -> SortValue {
    match sort {
        ClientSort::Name => SortValue::Text(client.terms.name.as_str().to_owned()),
        ClientSort::CreatedAt => SortValue::Instant(client.created_at),
        ClientSort::UpdatedAt => SortValue::Instant(client.updated_at),
        ClientSort::LastInteractionAt => client.last_interaction_at.into(),
        ClientSort::NextInteractionAt => client.next_interaction_at.into(),
        ClientSort::LastVerifiedAt => client.last_verified_at.into(),
    }
}

/// The client `id`, within reach.
///
/// # Errors
/// 404 when there is none, 410 when it was erased or merged into another one.
pub async fn find<A: Action>(mut db: &AsyncPgConnection, scope: &Scope<Client, A>, id: ClientId) -> Result<Client> {
    let client: Option<Client> = clients::table
        .filter(clients::id.eq(id))
        .filter(scope.visible())
        .select(columns_of::<Client>())
        .first(&mut db)
        .await
        .optional()?;
    match client {
        Some(client) => client.unless_erased(),
        None => Err(merged::missing(db, scope, id).await?),
    }
}

/// The client that a new row refers to, locked so that its owner stays the same until the transaction ends.
///
/// # Errors
/// 422 at `pointer` when the caller cannot reach it, 409 when it is archived.
pub async fn hold(tx: &mut Tx<'_>, id: ClientId, pointer: &str) -> Result<Client> {
    let client = find_held(tx, id, pointer).await?;
    client.refuse_archived()?;
    Ok(client)
}

/// Like [`hold`], for a new row that begins business with the client.
///
/// # Errors
/// 422 at `pointer` when the caller cannot reach it, 409 when it is lost or archived.
pub async fn hold_for_business(tx: &mut Tx<'_>, id: ClientId, pointer: &str) -> Result<Client> {
    let client = find_held(tx, id, pointer).await?;
    Standing::of(&client).refuse_gone()?;
    Ok(client)
}

async fn find_held(tx: &mut Tx<'_>, id: ClientId, pointer: &str) -> Result<Client> {
    let scope = tx.scope::<Client, Read>()?;
    let client = clients::table
        .filter(clients::id.eq(id))
        .filter(scope.visible())
        .select(columns_of::<Client>())
        .for_key_share()
        .first(&mut **tx)
        .await
        .optional()?;
    match client {
        Some(client) => Ok(client),
        None => Err(merged::unknown(tx, &scope, id, pointer).await?),
    }
}

/// Refuses to change what belongs to an archived client. The client is not locked here: the caller has already locked a
/// row that belongs to it, and a transfer locks the client before such rows, so the two could deadlock.
///
/// # Errors
/// 409.
pub async fn refuse_archived(tx: &mut Tx<'_>, id: ClientId) -> Result<()> {
    let status: ClientStatus = clients::table.find(id).select(clients::status).first(&mut **tx).await?;
    status.refuse_archived()
}

/// Creates a client.
///
/// # Errors
/// 403 for an owner or confidential fields out of reach, 422 for values against the rules and for an owner who could not see
/// the client.
pub async fn insert(tx: &mut Tx<'_>, scope: &Scope<Client, Create>, Parts(start, terms): NewClient) -> Result<Client> {
    let owner_id = start.owner_id.or_else(|| tx.user_id());
    let owner_id = owner_id.ok_or_else(|| Error::field("/owner_id", Invalid::Required))?;
    let owner = users::owner(tx, owner_id, "/owner_id").await?;
    scope.permit_owner(owner.id, owner.team_id)?;
    let mut client = Client::lead(tx.new_id(), start.kind, &owner, terms, tx.now());
    permit_confidential(tx.actor(), &client)?;
    client.check()?;
    parent::check(tx, &client).await?;
    refuse_blind(tx, owner.id, &client, "/owner_id").await?;
    begin_custom(tx, &mut client).await?;
    client.refuse_taken(tx, None).await?;
    let allow = start.allow_duplicate.as_ref();
    let alike = duplicates::refuse(tx, client.id, &Identifiers::of(&client), allow).await?;
    INSERT.of(diesel::insert_into(clients::table).values(&client)).execute(&mut **tx).await?;
    pairs::leave(tx, client.id, &alike, allow).await?;
    owners::begin(tx, &client).await?;
    tx.created(&client);
    if let Some(allow) = allow {
        tx.because(allow.reason.as_str());
    }
    Ok(client)
}

/// Changes the fields that the patch names.
///
/// # Errors
/// 404, 403, 412, 409 when archived or when it may be another client, 422 for values against the rules.
pub async fn update(
    tx: &mut Tx<'_>,
    scope: &Scope<Client, Update>,
    id: ClientId,
    seen: &IfMatch,
    Parts(start, patch): ClientPatch,
) -> Result<Client> {
    let before = lock_to_patch(tx, scope, id, seen, &patch).await?;
    before.refuse_change()?;
    let after = patched(&before, &patch)?;
    if after.terms.parent_id != before.terms.parent_id {
        parent::check(tx, &after).await?;
    }
    let allow = start.allow_duplicate.as_ref();
    let alike = duplicates::refuse(tx, id, &Identifiers::changed(&before, &after), allow).await?;
    let after = save(tx, "updated", &before, after).await?;
    pairs::leave(tx, id, &alike, allow).await?;
    Ok(after)
}

/// Notes that the data was checked just now.
///
/// # Errors
/// 404, 412, 403, 409 when archived.
pub async fn verify(tx: &mut Tx<'_>, scope: &Scope<Client, Update>, id: ClientId, seen: &IfMatch) -> Result<Client> {
    let before = lock(tx, scope, id, seen).await?;
    before.refuse_archived()?;
    let after = Client { last_verified_at: Some(tx.now()), ..before.clone() };
    save(tx, "verified", &before, after).await
}

/// Takes a step of the client's life. A client that becomes active is no longer lost.
///
/// # Errors
/// 404, 412, 403, 409 when the step is not possible from the present status.
pub async fn step<A: Action>(
    tx: &mut Tx<'_>,
    scope: &Scope<Client, A>,
    id: ClientId,
    seen: &IfMatch,
    transition: Transition,
) -> Result<Client> {
    let before = lock(tx, scope, id, seen).await?;
    let status = transition.apply(before.status, before.archived_from)?;
    let mut after = Client { status, ..before.clone() };
    if status == ClientStatus::Active {
        after.lost_reason_id = None;
        after.lost_at = None;
    }
    save(tx, transition.done(), &before, after).await
}

/// Takes a client out of the archive.
///
/// # Errors
/// As [`step`].
pub async fn restore(
    tx: &mut Tx<'_>,
    scope: &Scope<Client, Archive>,
    id: ClientId,
    seen: &IfMatch,
    transition: Transition,
) -> Result<Client> {
    let before = lock(tx, scope, id, seen).await?;
    let status = transition.apply(before.status, before.archived_from)?;
    let after = Client { status, archived_from: None, ..before.clone() };
    save(tx, transition.done(), &before, after).await
}

impl Row for Client {
    type Id = ClientId;

    async fn find_locked<A: Action>(tx: &mut Tx<'_>, scope: &Scope<Self, A>, id: ClientId) -> Result<Option<Self>> {
        let row = clients::table.filter(clients::id.eq(id)).filter(scope.visible()).select(columns_of::<Self>());
        let row: Option<Self> = row.for_no_key_update().first(&mut **tx).await.optional()?;
        match row {
            Some(client) => client.unless_erased().map(Some),
            None => Err(merged::missing(tx, scope, id).await?),
        }
    }

    async fn write(&self, tx: &mut Tx<'_>) -> Result<()> {
        let update = SAVE.of(diesel::update(clients::table.find(self.id)).set(self.clone()));
        update.execute(&mut **tx).await?;
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

    fn advance_hidden(&mut self, _: Instant) {
        self.version += 1;
        self.hidden_changes += 1;
    }
}

impl Patched for Client {
    type Terms = ClientTerms;

    fn terms(&self) -> &ClientTerms {
        &self.terms
    }

    fn terms_mut(&mut self) -> &mut ClientTerms {
        &mut self.terms
    }

    fn refuse_change(&self) -> Result<()> {
        self.refuse_archived()
    }

    fn breaches(&self) -> Vec<FieldError> {
        self.kind_breaches()
    }
}

/// Increments the version of the locked client, for a change of something that is shown with it but stored elsewhere.
///
/// # Errors
/// When the database fails.
pub async fn grow(tx: &mut Tx<'_>, before: &Client) -> Result<Client> {
    let after = Client { version: before.version + 1, updated_at: tx.now(), ..before.clone() };
    let stamp = (clients::version.eq(after.version), clients::updated_at.eq(after.updated_at));
    GROW.of(diesel::update(clients::table.find(after.id)).set(stamp)).execute(&mut **tx).await?;
    Ok(after)
}

impl Client {
    /// A client as it begins.
    pub fn lead(id: ClientId, kind: Kind, owner: &Owner, terms: ClientTerms, now: Instant) -> Self {
        Self {
            id,
            version: 1,
            created_at: now,
            updated_at: now,
            kind,
            status: ClientStatus::Lead,
            owner_id: owner.id,
            team_id: owner.team_id,
            is_key: false,
            last_verified_at: None,
            last_interaction_at: None,
            next_interaction_at: None,
            archived_from: None,
            lost_reason_id: None,
            lost_at: None,
            erased_at: None,
            hidden_changes: 0,
            terms,
        }
    }

    /// Checks a client that was not read from a body.
    pub(super) fn check(&self) -> Result<()> {
        let mut breaches = self.terms.breaches();
        breaches.extend(self.kind_breaches());
        if breaches.is_empty() { Ok(()) } else { Err(Error::fields(breaches)) }
    }

    /// The client itself, unless its personal data was erased.
    ///
    /// # Errors
    /// 410.
    pub fn unless_erased(self) -> Result<Self> {
        match self.erased_at {
            Some(at) => Err(Error::erased(at)),
            None => Ok(self),
        }
    }

    /// Refuses to work on an archived client.
    ///
    /// # Errors
    /// 409.
    pub fn refuse_archived(&self) -> Result<()> {
        self.status.refuse_archived()
    }
}
