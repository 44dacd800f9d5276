//! The columns of a row as SQL that is built once.

use std::{any::TypeId, cell::RefCell, collections::HashMap, rc::Rc};

use diesel::{
    AppearsOnTable, Expression, QueryResult, Selectable, SelectableExpression, SelectableHelper,
    dsl::AsSelect,
    expression::ValidGrouping,
    pg::{Pg, PgQueryBuilder},
    query_builder::{AstPass, QueryBuilder, QueryFragment, QueryId},
};

thread_local! {
    /// One text for each type of row, so their number is bounded.
    static TEXTS: RefCell<HashMap<TypeId, Rc<str>>> = RefCell::default();
}

/// Selects the same columns as `T::as_select()`, with the same SQL.
///
/// Diesel builds the text of a query each time, and quotes the name of every column and of its table. For a wide row
/// this costs more than reading the row.
pub struct Columns<T: Selectable<Pg>>(AsSelect<T, Pg>);

/// The columns of `T`.
pub fn columns_of<T: Selectable<Pg>>() -> Columns<T> {
    Columns(T::as_select())
}

impl<T: Selectable<Pg> + 'static> QueryFragment<Pg> for Columns<T>
where
    AsSelect<T, Pg>: QueryFragment<Pg>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let known = TEXTS.with_borrow(|texts| texts.get(&TypeId::of::<T>()).cloned());
        let text = match known {
            Some(text) => text,
            None => {
                let text = text_of(&self.0)?;
                TEXTS.with_borrow_mut(|texts| texts.insert(TypeId::of::<T>(), Rc::clone(&text)));
                text
            }
        };
        out.push_sql(&text);
        Ok(())
    }
}

fn text_of(columns: &impl QueryFragment<Pg>) -> QueryResult<Rc<str>> {
    let mut builder = PgQueryBuilder::default();
    columns.to_sql(&mut builder, &Pg)?;
    Ok(builder.finish().into())
}

impl<T: Selectable<Pg>> Expression for Columns<T>
where
    AsSelect<T, Pg>: Expression,
{
    type SqlType = <AsSelect<T, Pg> as Expression>::SqlType;
}
impl<T: Selectable<Pg>, S> AppearsOnTable<S> for Columns<T>
where
    AsSelect<T, Pg>: AppearsOnTable<S>,
    Self: Expression,
{
}
impl<T: Selectable<Pg>, S> SelectableExpression<S> for Columns<T>
where
    AsSelect<T, Pg>: SelectableExpression<S>,
    Self: AppearsOnTable<S>,
{
}
impl<T: Selectable<Pg>, G> ValidGrouping<G> for Columns<T>
where
    AsSelect<T, Pg>: ValidGrouping<G>,
{
    type IsAggregate = <AsSelect<T, Pg> as ValidGrouping<G>>::IsAggregate;
}
impl<T: Selectable<Pg>> QueryId for Columns<T>
where
    AsSelect<T, Pg>: QueryId,
{
    type QueryId = <AsSelect<T, Pg> as QueryId>::QueryId;
    const HAS_STATIC_QUERY_ID: bool = <AsSelect<T, Pg> as QueryId>::HAS_STATIC_QUERY_ID;
}

#[cfg(test)]
mod tests {
    use diesel::{ExpressionMethods, QueryDsl, SelectableHelper, debug_query, pg::Pg};

    use super::columns_of;
    use crate::{clients::Client, db::schema::clients};

    #[test]
    fn the_columns_are_those_that_diesel_selects() {
        let ours = || clients::table.filter(clients::is_key).select(columns_of::<Client>()).order(clients::id.desc());
        let diesels = clients::table.filter(clients::is_key).select(Client::as_select()).order(clients::id.desc());
        let expected = debug_query::<Pg, _>(&diesels).to_string();
        for _ in ["first", "from then on"] {
            assert_eq!(debug_query::<Pg, _>(&ours()).to_string(), expected);
        }
    }
}
