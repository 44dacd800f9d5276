//! Filters and orders by the organisation's own fields, through the table that has their values.

use std::{borrow::Cow, str::FromStr};

use diesel::{
    Expression, QueryResult,
    expression::{AppearsOnTable, ValidGrouping, is_aggregate},
    pg::Pg,
    query_builder::{AstPass, QueryFragment, QueryId},
    query_dsl::methods::FilterDsl,
    sql_types,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type},
};
use uuid::Uuid;

use crate::{
    access::Actor,
    custom::{Comparable, Custom, CustomKind, Definition, comparable},
    error::Result,
    http::invalid_parameter,
    values::{FieldName, Invalid, Text},
};

/// Most conditions of one list.
const MOST_FILTERS: usize = 10;

/// A condition on a custom field: `beds=120`, `beds>=100` or `beds<200`.
#[derive(Clone, Debug, PartialEq)]
pub struct CustomFilter {
    name: FieldName,
    side: &'static str,
    value: Text<200>,
}

impl FromStr for CustomFilter {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let at = text.find(['=', '<', '>']).ok_or(Invalid::Value)?;
        let (name, rest) = text.split_at_checked(at).ok_or(Invalid::Value)?;
        let mut sides = [">=", "<", "="].into_iter();
        let read = |side: &'static str| rest.strip_prefix(side).map(|value| (side, value));
        let (side, value) = sides.find_map(read).ok_or(Invalid::Value)?;
        Ok(Self { name: FieldName::parse(name)?, side, value: Text::parse(value)? })
    }
}

impl<'de> Deserialize<'de> for CustomFilter {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<'de, str>::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl Serialize for CustomFilter {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{}{}{}", self.name.as_str(), self.side, self.value.as_str()))
    }
}

impl PartialSchema for CustomFilter {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .max_length(Some(242))
            .pattern(Some("^[a-z][a-z0-9_]*(=|>=|<)"))
            .description(Some("A condition on a custom field, such as `beds=120`, `beds>=100` or `beds<200`."))
            .examples(["beds>=100"])
            .into()
    }
}

impl ToSchema for CustomFilter {
    fn name() -> Cow<'static, str> {
        "CustomFilter".into()
    }
}

/// An order by a custom field: its name, with `-` before it for largest first.
#[derive(Clone, Debug, PartialEq)]
pub struct CustomSort {
    name: FieldName,
    descending: bool,
}

impl<'de> Deserialize<'de> for CustomSort {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        let (descending, name) = match text.strip_prefix('-') {
            Some(name) => (true, name),
            None => (false, text.as_ref()),
        };
        FieldName::parse(name).map(|name| Self { name, descending }).map_err(D::Error::custom)
    }
}

impl PartialSchema for CustomSort {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .max_length(Some(41))
            .pattern(Some("^-?[a-z][a-z0-9_]*$"))
            .description(Some("The name of a custom field, with `-` before it for largest first."))
            .examples(["-beds"])
            .into()
    }
}

impl ToSchema for CustomSort {
    fn name() -> Cow<'static, str> {
        "CustomSort".into()
    }
}

/// What a list asks for by custom fields, once they are known.
#[derive(Clone, Debug)]
pub struct ByCustom {
    /// The order, with whether it begins with the largest.
    pub order: Option<(CustomKey, bool)>,
    filters: Vec<HasCustom>,
    /// Whether a row has a value to be ordered by.
    has_key: Option<HasCustom>,
}

impl ByCustom {
    /// What `filters` and `sort` ask for of rows `R`.
    ///
    /// # Errors
    /// 400 for a field that there is not or that is not indexed, and for a value that it cannot have.
    pub fn asked<R: Custom>(actor: &Actor, filters: &[CustomFilter], sort: Option<&CustomSort>) -> Result<Self> {
        if filters.len() > MOST_FILTERS {
            return Err(invalid_parameter("custom_field", Invalid::TooLong(MOST_FILTERS)));
        }
        let of_filter = |filter: &CustomFilter| {
            HasCustom::of::<R>(actor, filter).map_err(|invalid| invalid_parameter("custom_field", invalid))
        };
        let of_sort = |sort: &CustomSort| match indexed::<R>(actor, &sort.name) {
            Ok(field) if field.kind != CustomKind::Choices => {
                let has_key = HasCustom { table: R::RESOURCE.name(), field: field.id, test: None };
                Ok(((CustomKey::of(field), sort.descending), has_key))
            }
            Ok(_) => Err(invalid_parameter("custom_sort", Invalid::Value)),
            Err(invalid) => Err(invalid_parameter("custom_sort", invalid)),
        };
        let (order, has_key) = sort.map(of_sort).transpose()?.unzip();
        Ok(Self { order, has_key, filters: filters.iter().map(of_filter).collect::<Result<_>>()? })
    }

    /// `query` with only the rows that meet all conditions.
    pub fn narrow<Q: FilterDsl<HasCustom, Output = Q>>(&self, query: Q) -> Q {
        self.filters.iter().cloned().fold(query, FilterDsl::filter)
    }

    /// The same, to be counted: of rows in the order of a custom field, those without a value are left out.
    pub fn counted<Q: FilterDsl<HasCustom, Output = Q>>(&self, query: Q) -> Q {
        self.has_key.iter().cloned().fold(self.narrow(query), FilterDsl::filter)
    }
}

/// The field of `R` with this name, if lists can ask for it.
fn indexed<'a, R: Custom>(actor: &'a Actor, name: &FieldName) -> Result<&'a Definition, Invalid> {
    let known = actor.custom().and_then(|custom| custom.find(R::RESOURCE, name.as_str()));
    known.filter(|field| field.is_indexed).ok_or(Invalid::UnknownReference)
}

/// A custom field that rows are ordered by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomKey {
    field: Uuid,
    column: &'static str,
}

impl CustomKey {
    fn of(field: &Definition) -> Self {
        Self { field: field.id, column: if field.kind.is_ordered() { "number_value" } else { TEXT } }
    }

    /// The value of the row whose id `push_id` writes.
    pub(super) fn push_of_row<'b>(
        &'b self,
        out: &mut AstPass<'_, 'b, Pg>,
        push_id: impl FnOnce(&mut AstPass<'_, 'b, Pg>) -> QueryResult<()>,
    ) -> QueryResult<()> {
        out.push_sql("(SELECT ");
        out.push_sql(self.column);
        out.push_sql(" FROM custom_values WHERE field_id = ");
        out.push_bind_param::<sql_types::Uuid, _>(&self.field)?;
        out.push_sql(" AND row_id = ");
        push_id(out)?;
        out.push_sql(")");
        Ok(())
    }

    /// Chooses the ids of one page, along the index of the values: those of `rows` that have a value, after the row `after`.
    pub(super) fn push_page<'b>(
        &'b self,
        out: &mut AstPass<'_, 'b, Pg>,
        rows: &'b impl QueryFragment<Pg>,
        page: &'b CustomPage,
    ) -> QueryResult<()> {
        out.push_sql("SELECT row_id FROM custom_values WHERE field_id = ");
        out.push_bind_param::<sql_types::Uuid, _>(&self.field)?;
        out.push_sql(" AND ");
        out.push_sql(self.column);
        out.push_sql(" IS NOT NULL AND row_id IN (");
        rows.walk_ast(out.reborrow())?;
        out.push_sql(")");
        if let Some(after) = &page.after {
            out.push_sql(" AND (");
            out.push_sql(self.column);
            out.push_sql(if page.descending { ", row_id) < (" } else { ", row_id) > (" });
            self.push_of_row(out, |out| out.push_bind_param::<sql_types::Uuid, _>(after))?;
            out.push_sql(", ");
            out.push_bind_param::<sql_types::Uuid, _>(after)?;
            out.push_sql(")");
        }
        let direction = if page.descending { " DESC" } else { "" };
        for part in [" ORDER BY ", self.column, direction, ", row_id", direction, " LIMIT "] {
            out.push_sql(part);
        }
        out.push_bind_param::<sql_types::BigInt, _>(&page.limit)
    }
}

/// Texts, in the order of a dictionary.
const TEXT: &str = "(text_value COLLATE names)";

/// Where a page in the order of a custom field begins, and how long it is.
#[derive(Clone, Debug)]
pub struct CustomPage {
    pub(super) after: Option<Uuid>,
    pub(super) descending: bool,
    pub(super) limit: i64,
}

/// The condition that a row has a value, or such a value, of a custom field.
#[derive(Clone, Debug)]
pub struct HasCustom {
    table: &'static str,
    field: Uuid,
    /// How its value is compared, and with what; any value will do when there is nothing.
    test: Option<(&'static str, Comparable)>,
}

impl HasCustom {
    /// The condition that `filter` writes, on rows `R`.
    ///
    /// # Errors
    /// What is wrong with the field or with the value.
    pub fn of<R: Custom>(actor: &Actor, filter: &CustomFilter) -> Result<Self, Invalid> {
        let field = indexed::<R>(actor, &filter.name)?;
        if filter.side != "=" && !field.kind.is_ordered() {
            return Err(Invalid::Choice("=".to_owned()));
        }
        let value = comparable(field.kind, filter.value.as_str())?;
        Ok(Self { table: R::RESOURCE.name(), field: field.id, test: Some((filter.side, value)) })
    }
}

impl QueryFragment<Pg> for HasCustom {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_identifier(self.table)?;
        out.push_sql(".id IN (SELECT row_id FROM custom_values WHERE field_id = ");
        out.push_bind_param::<sql_types::Uuid, _>(&self.field)?;
        match &self.test {
            None => {}
            Some((_, Comparable::Text(text))) => {
                out.push_sql(" AND ");
                out.push_sql(TEXT);
                out.push_sql(" = ");
                out.push_bind_param::<sql_types::Text, _>(text)?;
            }
            Some((side, Comparable::Number(number))) => {
                out.push_sql(" AND number_value ");
                out.push_sql(side);
                out.push_sql(" ");
                out.push_bind_param::<sql_types::Numeric, _>(number)?;
            }
        }
        out.push_sql(")");
        Ok(())
    }
}

impl Expression for HasCustom {
    type SqlType = sql_types::Bool;
}
impl<QS> AppearsOnTable<QS> for HasCustom {}
impl<GB> ValidGrouping<GB> for HasCustom {
    type IsAggregate = is_aggregate::No;
}
// The SQL depends on the values, so Diesel must look at it to find the prepared statement.
impl QueryId for HasCustom {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

#[cfg(test)]
mod tests {
    use super::CustomFilter;
    use crate::values::Invalid;

    #[test]
    fn a_condition_is_a_name_a_side_and_a_value() {
        let read = |text: &str| {
            text.parse::<CustomFilter>()
                .map(|read| (read.name.as_str().to_owned(), read.side, read.value.as_str().to_owned()))
        };
        let is = |name: &str, side, value: &str| Ok((name.to_owned(), side, value.to_owned()));
        assert_eq!(read("beds=120"), is("beds", "=", "120"));
        assert_eq!(read("beds>=100"), is("beds", ">=", "100"));
        assert_eq!(read("beds<200"), is("beds", "<", "200"));
        assert_eq!(read("note=a=b<c"), is("note", "=", "a=b<c"));
        for (wrong, invalid) in [
            ("beds", Invalid::Value),
            ("beds>100", Invalid::Value),
            ("beds=", Invalid::TooShort(1)),
            ("Beds=1", Invalid::FieldName),
            ("=1", Invalid::FieldName),
        ] {
            assert_eq!(read(wrong), Err(invalid), "{wrong}");
        }
    }
}
