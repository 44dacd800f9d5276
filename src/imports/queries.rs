//! Every query on imports.

use actix_web::web::Bytes;
use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, pg::Pg};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::{
    inspect::Inspected,
    kinds::fields_of,
    known::Known,
    model::{
        Counts, Duplicates, Import, ImportFilter, ImportId, ImportResource, ImportState, ImportTerms, ImportView,
        Transition, UploadParams, WrongValues,
    },
};
use crate::{
    access::{Action, Actor, Create, Read, Scope, Update, Within},
    background_jobs::{self, JobKind},
    change::{Patched, Row, Tx, lock, lock_to_patch, patched, save},
    db::{Jsonb, Sql, columns_of, schema::imports},
    error::{Error, ProblemType, Result},
    files::Files,
    http::{IfMatch, Patch},
    list::{ListQuery, Page, SortBy, SortValue, keyset_within},
    users,
    values::{Entity, Instant, Line, Resource, Text},
};

type Boxed = imports::BoxedQuery<'static, Pg>;

fn filtered(within: Within<Import>, filter: &ImportFilter) -> Boxed {
    let mut query = imports::table.filter(within).into_boxed();
    if !filter.owner_id.is_empty() {
        query = query.filter(imports::owner_id.eq_any(filter.owner_id.clone()));
    }
    if !filter.state.is_empty() {
        query = query.filter(imports::state.eq_any(filter.state.clone()));
    }
    query
}

/// A page of the imports within reach, newest first.
///
/// # Errors
/// When the database fails.
pub async fn list(
    mut db: &AsyncPgConnection,
    scope: &Scope<Import, Read>,
    query: &ListQuery<ImportFilter>,
) -> Result<Page<ImportView>> {
    let order = SortBy::column(Import::NAME, "created_at", true);
    let rows = |within| filtered(within, &query.filter);
    let rows: Vec<Import> = keyset_within(scope, rows, order, query.after.clone(), query.limit)
        .select(columns_of::<Import>())
        .load(&mut db)
        .await?;
    let total = match query.total {
        true => Some(filtered(scope.visible(), &query.filter).count().get_result(&mut db).await?),
        false => None,
    };
    let mut page = query.page(rows, total, |row: &Import| (SortValue::Instant(row.created_at), row.uuid()))?;
    let imports = std::mem::take(&mut page.data);
    Ok(page.with(views(db, imports, scope.actor()).await?))
}

/// The import `id`, within reach.
///
/// # Errors
/// 404 when there is none.
pub async fn find(mut db: &AsyncPgConnection, scope: &Scope<Import, Read>, id: ImportId) -> Result<Import> {
    let import = imports::table.filter(imports::id.eq(id)).filter(scope.visible()).select(columns_of::<Import>());
    import.first(&mut db).await.optional()?.ok_or_else(Error::not_found)
}

/// `imports` with their last jobs, as `actor` sees them.
///
/// # Errors
/// When the database fails.
pub async fn views(db: &AsyncPgConnection, imports: Vec<Import>, actor: &Actor) -> Result<Vec<ImportView>> {
    let mut jobs = background_jobs::latest_of(db, imports.iter().map(Import::uuid).collect()).await?;
    let view = |import: Import| {
        let job = jobs.remove(&import.uuid());
        let is_free = job.as_ref().is_none_or(|job| !job.state.is_live()) && actor.may::<Import, Update>(&import);
        let mut actions = Vec::new();
        if is_free && Transition::Check.is_possible(import.state) {
            actions.push("update");
        }
        let steps = Transition::ALL.into_iter().filter(|step| is_free && step.is_possible(import.state));
        actions.extend(steps.map(<&str>::from));
        ImportView { import, job, actions }
    };
    Ok(imports.into_iter().map(view).collect())
}

/// One import with its last job.
///
/// # Errors
/// When the database fails.
pub async fn view(db: &AsyncPgConnection, import: Import, actor: &Actor) -> Result<ImportView> {
    views(db, vec![import], actor).await?.pop().ok_or_else(Error::not_found)
}

/// Keeps a file and what is known of it.
///
/// # Errors
/// 503 when the file cannot be kept.
pub async fn insert(
    tx: &mut Tx<'_>,
    _scope: &Scope<Import, Create>,
    params: UploadParams,
    inspected: Inspected,
    (files, bytes): (&Files, Bytes),
) -> Result<Import> {
    let Actor::Caller(caller) = tx.actor() else { return Err(Error::new(ProblemType::Unauthorized)) };
    let (owner_id, team_id) = (caller.user_id, caller.team_id);
    let now = tx.now();
    let resource = params.resource.unwrap_or(ImportResource::Clients);
    let file_name = params.file_name.map_or_else(|| Line::parse(resource.as_ref()), Ok);
    let text = |text: &str| Text::parse(text).map_err(Error::internal);
    let separator = inspected.form.separator.map(|one| if one == '\t' { "tab".to_owned() } else { one.to_string() });
    let import = Import {
        id: tx.new_id(),
        version: 1,
        created_at: now,
        updated_at: now,
        owner_id,
        team_id,
        resource,
        file_name: file_name.map_err(Error::internal)?,
        byte_count: i64::try_from(bytes.len()).map_err(Error::internal)?,
        format: inspected.form.format,
        encoding: inspected.form.encoding.map(text).transpose()?,
        separator: separator.as_deref().map(Text::parse).transpose().map_err(Error::internal)?,
        head_line: inspected.head_line,
        heads: Jsonb(inspected.heads),
        sample: Jsonb(inspected.sample),
        state: ImportState::Uploaded,
        row_count: None,
        counts: Jsonb(Counts::default()),
        revision: 1,
        terms: ImportTerms {
            mapping: Jsonb(inspected.mapping),
            default_owner_id: None,
            duplicates: Duplicates::Skip,
            wrong_values: WrongValues::Refuse,
            external_source: None,
            phone_region: inspected.phone_region,
        },
    };
    // First the file: one that belongs to no import is removed in time.
    files.put(Import::NAME, import.uuid(), bytes).await?;
    diesel::insert_into(imports::table).values(&import).execute(&mut **tx).await?;
    tx.created(&import);
    Ok(import)
}

/// Changes how the rows are understood. The fates of a check before no longer count.
///
/// # Errors
/// 404, 403, 412, 409 once rows are applied or while a job works on it, 422.
pub async fn update(
    tx: &mut Tx<'_>,
    scope: &Scope<Import, Update>,
    id: ImportId,
    seen: &IfMatch,
    patch: &Patch<ImportTerms>,
) -> Result<Import> {
    let before = lock_to_patch(tx, scope, id, seen, patch).await?;
    refuse_working(tx, &before).await?;
    before.refuse_change()?;
    let after = patched(&before, patch)?;
    let breaches = after.breaches(&Known::to(tx.actor(), fields_of(after.resource)));
    if !breaches.is_empty() {
        return Err(Error::fields(breaches));
    }
    if let Some(owner) = after.terms.default_owner_id.filter(|owner| Some(*owner) != before.terms.default_owner_id) {
        users::find_owner(tx, owner, "/default_owner_id").await?;
    }
    let after = match after == before {
        true => after,
        false => {
            Import { state: ImportState::Uploaded, revision: before.revision + 1, counts: Jsonb::default(), ..after }
        }
    };
    save(tx, "updated", &before, after).await
}

/// Begins a step, which a job does.
///
/// # Errors
/// 404, 403, 412, 409 when the step is not possible now or another job works on the import.
pub async fn begin(
    tx: &mut Tx<'_>,
    scope: &Scope<Import, Update>,
    id: ImportId,
    seen: &IfMatch,
    step: Transition,
) -> Result<Import> {
    let before = lock(tx, scope, id, seen).await?;
    refuse_working(tx, &before).await?;
    if !step.is_possible(before.state) {
        let possible: Vec<&str> =
            Transition::ALL.into_iter().filter(|step| step.is_possible(before.state)).map(<&str>::from).collect();
        return Err(Error::transition(before.state.as_ref(), &possible));
    }
    let (kind, state, revision) = match step {
        Transition::Check => (JobKind::ImportCheck, ImportState::Uploaded, before.revision + 1),
        Transition::Apply => (JobKind::ImportApply, ImportState::Applying, before.revision),
        Transition::Undo => (JobKind::ImportUndo, ImportState::Undoing, before.revision),
    };
    let after = Import { state, revision, ..before.clone() };
    let after = save(tx, step.into(), &before, after).await?;
    background_jobs::enqueue(tx, kind, id.uuid()).await?;
    Ok(after)
}

async fn refuse_working(tx: &mut Tx<'_>, import: &Import) -> Result<()> {
    let job = background_jobs::latest_of(tx, vec![import.uuid()]).await?.remove(&import.uuid());
    match job.is_some_and(|job| job.state.is_live()) {
        true => Err(background_jobs::working()),
        false => Ok(()),
    }
}

/// The import, for a job.
///
/// # Errors
/// When the database fails.
pub async fn locked(tx: &mut Tx<'_>, id: ImportId) -> Result<Import> {
    Import::find_locked(tx, &Scope::<Import, Update>::system(), id).await?.ok_or_else(Error::not_found)
}

impl Row for Import {
    type Id = ImportId;

    async fn find_locked<A: Action>(tx: &mut Tx<'_>, scope: &Scope<Self, A>, id: ImportId) -> Result<Option<Self>> {
        let row = imports::table.filter(imports::id.eq(id)).filter(scope.visible()).select(columns_of::<Self>());
        Ok(row.for_no_key_update().first(&mut **tx).await.optional()?)
    }

    async fn write(&self, tx: &mut Tx<'_>) -> Result<()> {
        static SAVE: Sql = Sql::new();
        let update = SAVE.of(diesel::update(imports::table.find(self.id)).set(self.clone()));
        update.execute(&mut **tx).await?;
        Ok(())
    }

    fn advance(&mut self, now: Instant) {
        self.version += 1;
        self.updated_at = now;
    }
}

impl Patched for Import {
    type Terms = ImportTerms;

    fn terms(&self) -> &ImportTerms {
        &self.terms
    }

    fn terms_mut(&mut self) -> &mut ImportTerms {
        &mut self.terms
    }

    fn refuse_change(&self) -> Result<()> {
        match Transition::Check.is_possible(self.state) {
            true => Ok(()),
            false => Err(Error::transition(self.state.as_ref(), &[])),
        }
    }
}
