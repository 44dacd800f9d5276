//! Every query on exports.

use chrono::Duration;
use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, pg::Pg};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::{
    columns,
    model::{Export, ExportFilter, ExportFormat, ExportId, ExportView, NewExport},
    rows::Filter,
};
use crate::{
    access::{Action, Actor, Create, Read, Scope, Within},
    background_jobs::{self, JobKind},
    change::{Row, Tx},
    db::{Jsonb, Sql, columns_of, schema::exports},
    error::{Error, ProblemType, Result},
    list::{ListQuery, Page, SortBy, SortValue, keyset_within},
    values::{Entity, Instant, Invalid, Resource, Say},
};

/// How long the file of an export is kept.
pub const KEPT: Duration = Duration::days(7);

type Boxed = exports::BoxedQuery<'static, Pg>;

fn filtered(within: Within<Export>, filter: &ExportFilter) -> Boxed {
    let mut query = exports::table.filter(within).into_boxed();
    if !filter.owner_id.is_empty() {
        query = query.filter(exports::owner_id.eq_any(filter.owner_id.clone()));
    }
    if !filter.resource.is_empty() {
        query = query.filter(exports::resource.eq_any(filter.resource.clone()));
    }
    query
}

/// A page of the exports within reach, newest first.
///
/// # Errors
/// When the database fails.
pub async fn list(
    mut db: &AsyncPgConnection,
    scope: &Scope<Export, Read>,
    query: &ListQuery<ExportFilter>,
    now: Instant,
) -> Result<Page<ExportView>> {
    let order = SortBy::column(Export::NAME, "created_at", true);
    let rows = |within| filtered(within, &query.filter);
    let rows: Vec<Export> = keyset_within(scope, rows, order, query.after.clone(), query.limit)
        .select(columns_of::<Export>())
        .load(&mut db)
        .await?;
    let total = match query.total {
        true => Some(filtered(scope.visible(), &query.filter).count().get_result(&mut db).await?),
        false => None,
    };
    let key = |export: &Export| (SortValue::Instant(export.created_at), export.uuid());
    let mut page = query.page(rows, total, key)?;
    let exports = std::mem::take(&mut page.data);
    Ok(page.with(views(db, exports, now).await?))
}

/// The export `id`, within reach.
///
/// # Errors
/// 404 when there is none.
pub async fn find(mut db: &AsyncPgConnection, scope: &Scope<Export, Read>, id: ExportId) -> Result<Export> {
    let export = exports::table.filter(exports::id.eq(id)).filter(scope.visible()).select(columns_of::<Export>());
    export.first(&mut db).await.optional()?.ok_or_else(Error::not_found)
}

/// `exports` with their jobs, in one query.
///
/// # Errors
/// When the database fails.
pub async fn views(db: &AsyncPgConnection, exports: Vec<Export>, now: Instant) -> Result<Vec<ExportView>> {
    let mut jobs = background_jobs::latest_of(db, exports.iter().map(Export::uuid).collect()).await?;
    let view = |export: Export| {
        let has_file = export.expires_at.is_some_and(|end| end > now);
        ExportView { job: jobs.remove(&export.uuid()), has_file, export }
    };
    Ok(exports.into_iter().map(view).collect())
}

/// One export with its job.
///
/// # Errors
/// When the database fails.
pub async fn view(db: &AsyncPgConnection, export: Export, now: Instant) -> Result<ExportView> {
    views(db, vec![export], now).await?.pop().ok_or_else(Error::not_found)
}

/// Asks for an export, which a job makes.
///
/// # Errors
/// 403 for rows or columns that the caller may not see at all, 422 for columns or a filter that there is not.
pub async fn insert(tx: &mut Tx<'_>, _scope: &Scope<Export, Create>, new: NewExport) -> Result<Export> {
    let Actor::Caller(caller) = tx.actor() else { return Err(Error::new(ProblemType::Unauthorized)) };
    let caller = caller.clone();
    Filter::read(new.resource, &new.filter, &caller)?.permit(tx.actor())?;
    if new.separator.is_some() && new.format != ExportFormat::Csv {
        let say = Say::new("Only CSV has separators.", "Разделители бывают только в формате `csv`.");
        return Err(Error::field("/separator", Invalid::Rule("not_with_format", say)));
    }
    let now = tx.now();
    let export = Export {
        id: tx.new_id(),
        version: 1,
        created_at: now,
        updated_at: now,
        owner_id: caller.user_id,
        team_id: caller.team_id,
        resource: new.resource,
        format: new.format,
        separator: new.separator,
        columns: Jsonb(columns::chosen(new.resource, new.columns, tx.actor())?),
        filter: Jsonb(new.filter),
        row_count: None,
        byte_count: None,
        expires_at: None,
    };
    diesel::insert_into(exports::table).values(&export).execute(&mut **tx).await?;
    tx.created(&export);
    background_jobs::enqueue(tx, JobKind::Export, export.uuid()).await?;
    Ok(export)
}

impl Row for Export {
    type Id = ExportId;

    async fn find_locked<A: Action>(tx: &mut Tx<'_>, scope: &Scope<Self, A>, id: ExportId) -> Result<Option<Self>> {
        let row = exports::table.filter(exports::id.eq(id)).filter(scope.visible()).select(columns_of::<Self>());
        Ok(row.for_no_key_update().first(&mut **tx).await.optional()?)
    }

    async fn write(&self, tx: &mut Tx<'_>) -> Result<()> {
        static SAVE: Sql = Sql::new();
        let update = SAVE.of(diesel::update(exports::table.find(self.id)).set(self.clone()));
        update.execute(&mut **tx).await?;
        Ok(())
    }

    fn advance(&mut self, now: Instant) {
        self.version += 1;
        self.updated_at = now;
    }
}
