//! The rows for which a condition holds, as SQL.

use std::sync::Arc;

use diesel::{
    Expression, QueryResult,
    expression::{AppearsOnTable, ValidGrouping, is_aggregate},
    pg::Pg,
    query_builder::{AstPass, QueryFragment, QueryId},
    sql_types::{Array, Bool, Date, Numeric, Text, Timestamptz, Uuid},
};

use super::{
    Condition, FieldCondition, Ordered,
    bound::Bound,
    field::Field,
    related::{Contracts, Orders},
};
use crate::{
    access::{Actor, ReadConfidential, Within},
    clients::Client,
    error::{Error, Result},
    list::{CustomFilter, custom::HasCustom},
};

/// The condition that a client is among those that an actor asked for. Neither what it is about out of their reach nor what is
/// confidential to them decides anything.
#[derive(Clone, Debug)]
pub struct Where(Arc<Checked>);

#[derive(Debug)]
struct Checked {
    condition: Condition,
    contracts: Option<Within<Contracts>>,
    orders: Option<Within<Orders>>,
    confidential: Option<Within<Client>>,
    /// The conditions on custom fields, with what they come to.
    custom: Vec<(CustomFilter, HasCustom)>,
}

impl Where {
    /// The rows for which `condition` holds, as far as `actor` may know.
    ///
    /// # Errors
    /// 403 naming the right to read something that the condition is about, when there is none; 422 for a custom field that there is
    /// not or that is not indexed.
    pub fn of(condition: Condition, actor: &Actor) -> Result<Self> {
        let about_contracts = condition.has(|part| matches!(part, Condition::ActiveContract(_)));
        let about_orders = condition.has(|part| matches!(part, Condition::Ordered(_)));
        let confidential =
            condition.has(|part| matches!(part, Condition::Field(field) if field.field().is_confidential()));
        let custom = condition.custom_filters().into_iter().map(|filter| {
            let has =
                HasCustom::of::<Client>(actor, filter).map_err(|invalid| Error::field("/custom_field", invalid))?;
            Ok((filter.clone(), has))
        });
        Ok(Self(Arc::new(Checked {
            custom: custom.collect::<Result<_>>()?,
            contracts: about_contracts.then(|| Ok::<_, Error>(actor.scope_with_clients()?.visible())).transpose()?,
            orders: about_orders.then(|| Ok::<_, Error>(actor.scope_with_clients()?.visible())).transpose()?,
            confidential: confidential
                .then(|| Ok::<_, Error>(actor.scope::<Client, ReadConfidential>()?.covered()))
                .transpose()?,
            condition,
        })))
    }
}

impl Checked {
    fn walk<'b>(&'b self, condition: &'b Condition, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        match condition {
            Condition::And(parts) => self.join(parts, "TRUE", " AND ", out),
            Condition::Or(parts) => self.join(parts, "FALSE", " OR ", out),
            Condition::Not(part) => {
                out.push_sql("NOT coalesce(");
                self.walk(part, out)?;
                out.push_sql(", FALSE)");
                Ok(())
            }
            Condition::Field(field) => self.field(field, out),
            Condition::ActiveContract(has) => self.active_contract(*has, out),
            Condition::Ordered(ordered) => self.ordered(ordered, out),
            Condition::Custom(filter) => match self.custom.iter().find(|(known, _)| known == filter) {
                Some((_, has)) => has.walk_ast(out.reborrow()),
                None => Err(unprepared()),
            },
        }
    }

    fn join<'b>(
        &'b self,
        parts: &'b [Condition],
        of_none: &str,
        word: &str,
        out: &mut AstPass<'_, 'b, Pg>,
    ) -> QueryResult<()> {
        out.push_sql("(");
        for (position, part) in parts.iter().enumerate() {
            if position > 0 {
                out.push_sql(word);
            }
            self.walk(part, out)?;
        }
        if parts.is_empty() {
            out.push_sql(of_none);
        }
        out.push_sql(")");
        Ok(())
    }

    fn field<'b>(&'b self, condition: &'b FieldCondition, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let field = condition.field();
        if field.is_external() {
            return external(field, &condition.bound, out);
        }
        if !field.is_confidential() {
            return compare(field, &condition.bound, out);
        }
        let Some(within) = &self.confidential else { return Err(unprepared()) };
        out.push_sql("(");
        within.walk_ast(out.reborrow())?;
        out.push_sql(" AND ");
        compare(field, &condition.bound, out)?;
        out.push_sql(")");
        Ok(())
    }

    fn active_contract<'b>(&'b self, has: bool, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let Some(within) = &self.contracts else { return Err(unprepared()) };
        out.push_sql(if has { "EXISTS (" } else { "NOT EXISTS (" });
        out.push_sql(
            "SELECT FROM contracts WHERE contracts.client_id = clients.id AND contracts.status = 'active' AND ",
        );
        within.walk_ast(out.reborrow())?;
        out.push_sql(")");
        Ok(())
    }

    fn ordered<'b>(&'b self, ordered: &'b Ordered, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let Some(within) = &self.orders else { return Err(unprepared()) };
        out.push_sql("EXISTS (SELECT FROM orders WHERE orders.client_id = clients.id");
        out.push_sql(" AND orders.status NOT IN ('draft', 'rejected', 'cancelled') AND ");
        within.walk_ast(out.reborrow())?;
        if let Some(from) = &ordered.from {
            out.push_sql(" AND orders.ordered_on >= ");
            out.push_bind_param::<Date, _>(from)?;
        }
        if let Some(to) = &ordered.to {
            out.push_sql(" AND orders.ordered_on < ");
            out.push_bind_param::<Date, _>(to)?;
        }
        if !ordered.product_ids.is_empty() {
            out.push_sql(" AND EXISTS (SELECT FROM order_lines WHERE order_lines.order_id = orders.id");
            out.push_sql(" AND order_lines.product_id = ANY(");
            out.push_bind_param::<Array<Uuid>, _>(&ordered.product_ids)?;
            out.push_sql("))");
        }
        out.push_sql(")");
        Ok(())
    }
}

/// One of the ids of other systems is compared.
fn external<'b>(field: Field, bound: &'b Bound, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
    let (none, bound) = match bound {
        Bound::Set(is_set) => (!is_set, &Bound::Set(true)),
        other => (false, other),
    };
    out.push_sql(if none { "NOT EXISTS (" } else { "EXISTS (" });
    out.push_sql(
        "SELECT FROM external_ids WHERE external_ids.resource = 'clients' AND external_ids.row_id = clients.id AND ",
    );
    compare(field, bound, out)?;
    out.push_sql(")");
    Ok(())
}

fn compare<'b>(field: Field, bound: &'b Bound, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
    out.push_sql("(");
    out.push_sql(field.column());
    match bound {
        // A list of tags is never null.
        Bound::Set(true) if field == Field::Tags => out.push_sql(" <> '{}'"),
        Bound::Set(false) if field == Field::Tags => out.push_sql(" = '{}'"),
        Bound::Set(true) => out.push_sql(" IS NOT NULL"),
        Bound::Set(false) => out.push_sql(" IS NULL"),
        Bound::Flag(true) => {}
        Bound::Flag(false) => out.push_sql(" = FALSE"),
        Bound::Texts(texts) => one_of(out, |out| out.push_bind_param::<Array<Text>, _>(texts))?,
        Bound::Ids(ids) => one_of(out, |out| out.push_bind_param::<Array<Uuid>, _>(ids))?,
        Bound::Numbers(numbers) => one_of(out, |out| out.push_bind_param::<Array<Numeric>, _>(numbers))?,
        Bound::Moments(moments) => one_of(out, |out| out.push_bind_param::<Array<Timestamptz>, _>(moments))?,
        Bound::AnyText(texts) => {
            out.push_sql(" && ");
            out.push_bind_param::<Array<Text>, _>(texts)?;
        }
        Bound::ThanNumber(side, number) => {
            out.push_sql(" ");
            out.push_sql(side);
            out.push_sql(" ");
            out.push_bind_param::<Numeric, _>(number)?;
        }
        Bound::ThanMoment(side, moment) => {
            if let Some(indexed) = field.indexed() {
                out.push_sql(" IS NOT NULL AND ");
                indexed.push(out)?;
            }
            out.push_sql(" ");
            out.push_sql(side);
            out.push_sql(" ");
            out.push_bind_param::<Timestamptz, _>(moment)?;
        }
    }
    out.push_sql(")");
    Ok(())
}

fn one_of<'a, 'b>(
    out: &mut AstPass<'a, 'b, Pg>,
    push: impl FnOnce(&mut AstPass<'a, 'b, Pg>) -> QueryResult<()>,
) -> QueryResult<()> {
    out.push_sql(" = ANY(");
    push(out)?;
    out.push_sql(")");
    Ok(())
}

/// [`Where::of`] prepares what the conditions need.
fn unprepared() -> diesel::result::Error {
    diesel::result::Error::QueryBuilderError("a condition without the rows that it is about".into())
}

impl QueryFragment<Pg> for Where {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        // There are too many different conditions to keep a prepared statement of each.
        out.unsafe_to_cache_prepared();
        self.0.walk(&self.0.condition, &mut out)
    }
}

impl Expression for Where {
    type SqlType = Bool;
}
impl<QS> AppearsOnTable<QS> for Where {}
impl<GB> ValidGrouping<GB> for Where {
    type IsAggregate = is_aggregate::No;
}
impl QueryId for Where {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}
