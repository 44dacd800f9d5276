//! A page of the rows within the caller's reach.
//!
//! An index by owner gives the newest rows of an owner, and an index by team gives the newest rows of a team, but no
//! index gives the newest rows of both. Asked for both at once, Postgres reads the newest rows of everybody until
//! enough of them match.

use diesel::{
    Expression, QueryResult, SelectableExpression,
    expression::{AppearsOnTable, ValidGrouping, is_aggregate},
    pg::Pg,
    query_builder::{AstPass, QueryFragment, QueryId},
    query_dsl::methods::{FilterDsl, LimitDsl, OrderDsl, SelectDsl},
    sql_types::{Bool, Uuid},
};

use super::{
    After, Beyond, SortBy, SortKey, Spelling,
    custom::{CustomKey, CustomPage},
    keyset,
};
use crate::access::{Owned, Read, Scope, Within};

/// Most rows that are ranked. What very many rows have in common tells them apart too little for more.
const MOST_RANKED: i64 = 1000;

/// Most of those rows where words are forgiven a wrong letter, which takes long to rank. A page has less.
const MOST_NEARLY: i64 = 250;

/// As [`keyset`], for `rows` within the reach of `scope`.
///
/// In the order of [`Owned::NEWEST`], a reach of several parts is read part by part: every row on the page of all parts
/// is also on the page of its own part. In another order the parts have no index either, so reading them one by one
/// would only be more work.
pub fn keyset_within<R, Q, Ids>(
    scope: &Scope<R, Read>,
    rows: impl Fn(Within<R>) -> Q,
    order: SortBy,
    after: Option<After>,
    limit: u16,
) -> Q
where
    R: Owned,
    Q: FilterDsl<Beyond, Output = Q> + OrderDsl<SortBy, Output = Q> + LimitDsl<Output = Q>,
    Q: SelectDsl<IdOf, Output = Ids> + FilterDsl<AnyOf<Ids>, Output = Q>,
{
    if let SortKey::Custom(_) = order.key {
        return keyset_custom(R::NAME, || rows(scope.visible()), order, after, limit);
    }
    if let SortKey::Rank(..) = order.key {
        return keyset_ranked(R::NAME, || rows(scope.visible()), Vec::new(), order, after, limit);
    }
    let all = rows(scope.visible());
    if order.key != SortKey::Column(R::NEWEST) {
        return keyset(all, order, after, limit);
    }
    let Some(parts) = scope.visible().parts() else { return keyset(all, order, after, limit) };
    let id = IdOf(R::NAME);
    let ids = parts.into_iter().map(|part| {
        let page = keyset(rows(part), order.clone(), after.clone(), limit);
        SelectDsl::select(page, id)
    });
    let any = AnyOf { id, ids: ids.collect(), in_order: None };
    keyset(FilterDsl::filter(all, any), order, None, limit)
}

/// As [`keyset`], for an order that may be that of a custom field. The ids of such a page are chosen along the index of the
/// field's values; rows without a value are left out.
pub fn keyset_custom<Q, Ids>(
    table: &'static str,
    rows: impl Fn() -> Q,
    order: SortBy,
    after: Option<After>,
    limit: u16,
) -> Q
where
    Q: FilterDsl<Beyond, Output = Q> + OrderDsl<SortBy, Output = Q> + LimitDsl<Output = Q>,
    Q: SelectDsl<IdOf, Output = Ids> + FilterDsl<AnyOf<Ids>, Output = Q>,
{
    let SortKey::Custom(key) = order.key.clone() else { return keyset(rows(), order, after, limit) };
    let id = IdOf(table);
    let page =
        CustomPage { after: after.map(|after| after.id), descending: order.descending, limit: i64::from(limit) + 1 };
    let any = AnyOf { id, ids: vec![SelectDsl::select(rows(), id)], in_order: Some((key, page)) };
    OrderDsl::order(FilterDsl::filter(rows(), any), order)
}

/// As [`keyset`], in the order of how well rows match the words of a search. Of `rows` a thousand are ranked, and the rows of
/// each of `first` in any case.
pub fn keyset_ranked<Q, Ids>(
    table: &'static str,
    rows: impl Fn() -> Q,
    first: Vec<Q>,
    order: SortBy,
    after: Option<After>,
    limit: u16,
) -> Q
where
    Q: FilterDsl<Beyond, Output = Q> + OrderDsl<SortBy, Output = Q> + LimitDsl<Output = Q>,
    Q: SelectDsl<IdOf, Output = Ids> + FilterDsl<AnyOf<Ids>, Output = Q>,
{
    let id = IdOf(table);
    let most = match order.key {
        SortKey::Rank(_, Spelling::Nearly) => MOST_NEARLY,
        _ => MOST_RANKED,
    };
    let ids = first.into_iter().chain([rows()]);
    let ids = ids.map(|rows| SelectDsl::select(LimitDsl::limit(rows, most), id)).collect();
    keyset(FilterDsl::filter(rows(), AnyOf { id, ids, in_order: None }), order, after, limit)
}

/// The id of a row of a table.
#[derive(Clone, Copy, Debug)]
pub struct IdOf(&'static str);

/// The condition that a row's id is in the result of one of several queries.
#[derive(Debug)]
pub struct AnyOf<Ids> {
    id: IdOf,
    ids: Vec<Ids>,
    /// Of the results, only the page in the order of a custom field.
    in_order: Option<(CustomKey, CustomPage)>,
}

impl QueryFragment<Pg> for IdOf {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_identifier(self.0)?;
        out.push_sql(".");
        out.push_identifier("id")
    }
}

// The array is made once, before the rows are looked up by it. Postgres would plan `IN` as a join with the results of
// the queries.
impl<Ids: QueryFragment<Pg>> QueryFragment<Pg> for AnyOf<Ids> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.id.walk_ast(out.reborrow())?;
        out.push_sql(" = ANY(ARRAY(");
        for (position, ids) in self.ids.iter().enumerate() {
            out.push_sql(if position == 0 { "(" } else { " UNION ALL (" });
            match &self.in_order {
                Some((key, page)) => key.push_page(&mut out, ids, page)?,
                None => ids.walk_ast(out.reborrow())?,
            }
            out.push_sql(")");
        }
        out.push_sql("))");
        Ok(())
    }
}

impl Expression for IdOf {
    type SqlType = Uuid;
}
impl<Ids> Expression for AnyOf<Ids> {
    type SqlType = Bool;
}
impl<QS> AppearsOnTable<QS> for IdOf {}
impl<QS> SelectableExpression<QS> for IdOf {}
impl<QS, Ids> AppearsOnTable<QS> for AnyOf<Ids> {}
impl<GB> ValidGrouping<GB> for IdOf {
    type IsAggregate = is_aggregate::No;
}
impl<GB, Ids> ValidGrouping<GB> for AnyOf<Ids> {
    type IsAggregate = is_aggregate::No;
}
// The SQL of these types depends on their values, so Diesel must look at it to find the prepared statement.
impl QueryId for IdOf {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}
impl<Ids> QueryId for AnyOf<Ids> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use diesel::{QueryDsl, debug_query, pg::Pg};
    use uuid::Uuid;

    use super::keyset_within;
    use crate::{
        access::{Caller, Credential, Locale, Owned, Policy, Read, Role, Scope},
        db::schema::contacts,
        list::SortBy,
        values::{Id, Resource},
    };

    struct Row;

    impl Resource for Row {
        const NAME: &'static str = "contacts";
    }
    impl Owned for Row {}

    /// The SQL of a page that somebody of `role` sees.
    fn sql(role: Role, account_teams: &[Uuid], order: SortBy) -> String {
        let scope = Scope::<Row, Read>::of(&Arc::new(Caller {
            user_id: Id::generate(),
            team_id: Id::generate(),
            credential: Credential::Session(Id::generate()),
            policy: Arc::new(Policy::initial(role)),
            account_teams: account_teams.into(),
            absent: [].into(),
            departments: None,
            locale: Locale::default(),
            organization: Locale::default(),
            custom: Arc::default(),
            restriction: None,
            epoch: 0,
        }));
        let rows = |within| contacts::table.filter(within).into_boxed();
        let page = keyset_within(&scope.unwrap(), rows, order, None, 50).select(contacts::version);
        debug_query::<Pg, _>(&page).to_string()
    }

    #[test]
    fn each_part_of_a_reach_has_a_page_of_its_own() {
        let newest = || SortBy::column("contacts", "updated_at", true);
        let joined = [Uuid::now_v7()];
        let pages = |role, account_teams: &[Uuid]| sql(role, account_teams, newest()).matches("LIMIT").count();
        assert_eq!(pages(Role::Supervisor, &joined), 1);
        assert_eq!(pages(Role::Manager, &[]), 1);
        assert_eq!(pages(Role::Manager, &joined), 3);
        assert_eq!(pages(Role::KeyAccountManager, &[]), 3);
        assert_eq!(pages(Role::KeyAccountManager, &joined), 4);

        let text = sql(Role::KeyAccountManager, &[], newest());
        let of_key_clients = r#"UNION ALL (SELECT "contacts"."id" FROM "contacts" WHERE ("contacts"."team_id" = $5 AND "contacts"."is_key") ORDER BY"#;
        assert!(text.contains(of_key_clients), "{text}");
    }

    #[test]
    fn what_has_no_index_for_its_parts_is_read_at_once() {
        let text = sql(Role::KeyAccountManager, &[], SortBy::column("contacts", "name", false));
        assert_eq!(text.matches("LIMIT").count(), 1, "{text}");
    }

    #[test]
    fn some_matches_of_a_search_are_ranked_for_the_page() {
        let text = sql(Role::KeyAccountManager, &[], SortBy::rank("contacts", &["words".to_owned()]));
        assert!(text.contains("ANY(ARRAY((SELECT") && !text.contains("UNION"), "{text}");
        assert_eq!(text.matches("LIMIT").count(), 2, "{text}");
    }
}
