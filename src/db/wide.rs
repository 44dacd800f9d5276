//! Tables with more columns than Diesel's `table!` takes here.
//!
//! Here `table!` takes 32 columns. Diesel can be built for 64, but then the compiler tries rows of all these widths for
//! each query, and checking the library takes more than twice as long. So columns beyond 32 are declared in this file,
//! and `schema.patch` takes them out of the generated schema.

/// Declares a column of the table in whose module it is called. It generates what `table!` does for a column, as far as
/// a row needs it.
macro_rules! column {
    ($(#[doc = $doc:literal])+ $name:ident -> $sql_type:ty,) => {
        $(#[doc = $doc])+
        #[expect(non_camel_case_types, reason = "Diesel's columns are named as in SQL")]
        #[derive(Clone, Copy, Debug, diesel::query_builder::QueryId)]
        pub struct $name;

        impl diesel::Column for $name {
            type Table = table;
            const NAME: &'static str = stringify!($name);
        }

        impl diesel::Expression for $name {
            type SqlType = $sql_type;
        }

        impl diesel::query_builder::QueryFragment<diesel::pg::Pg> for $name {
            fn walk_ast<'b>(&'b self, mut out: diesel::query_builder::AstPass<'_, 'b, diesel::pg::Pg>) -> diesel::QueryResult<()> {
                table.walk_ast(out.reborrow())?;
                out.push_sql(".");
                out.push_identifier(<Self as diesel::Column>::NAME)
            }
        }

        impl diesel::SelectableExpression<table> for $name {}

        impl<S> diesel::AppearsOnTable<S> for $name where
            S: diesel::query_source::AppearsInFromClause<table, Count = diesel::query_source::Once>
        {
        }

        impl diesel::expression::ValidGrouping<()> for $name {
            type IsAggregate = diesel::expression::is_aggregate::No;
        }
    };
}

/// `clients`, with all its columns.
pub mod clients {
    use diesel::sql_types::{Int8, Jsonb, Nullable, Text, Timestamptz, Uuid};

    pub use crate::db::schema::clients::*;

    column! {
        /// The status before the client was archived.
        archived_from -> Nullable<Text>,
    }

    column! {
        /// The code of the reason for the tax registration.
        kpp -> Nullable<Text>,
    }

    column! {
        /// The numbers that other countries know the client by.
        foreign_ids -> Jsonb,
    }

    column! {
        /// The bank accounts.
        bank_accounts -> Jsonb,
    }

    column! {
        /// The further telephone numbers.
        other_phones -> Jsonb,
    }

    column! {
        /// The further e-mail addresses.
        other_emails -> Jsonb,
    }

    column! {
        /// The client that this one belongs to.
        parent_id -> Nullable<Uuid>,
    }

    column! {
        /// The words of the contacts, by which the client is found.
        contact_words -> Text,
    }

    column! {
        /// The name without its legal form and spaces, as it is searched.
        name_key -> Text,
    }

    column! {
        /// The domain of the website or of the e-mail address.
        domain -> Nullable<Text>,
    }

    column! {
        /// The text that a search looks through.
        search -> Text,
    }

    column! {
        /// The values of the organisation's own fields.
        custom_fields -> Jsonb,
    }

    column! {
        /// The values of the organisation's own fields that only some callers see.
        confidential_custom_fields -> Nullable<Jsonb>,
    }

    column! {
        /// How many versions changed nothing but confidential fields.
        hidden_changes -> Int8,
    }

    column! {
        /// Why the client was lost.
        lost_reason_id -> Nullable<Uuid>,
    }

    column! {
        /// When the client was lost.
        lost_at -> Nullable<Timestamptz>,
    }

    column! {
        /// When the personal data was erased.
        erased_at -> Nullable<Timestamptz>,
    }
}

/// `contracts`, with all its columns.
pub mod contracts {
    use diesel::sql_types::{Date, Int4, Jsonb, Nullable, Text, Uuid};

    pub use crate::db::schema::contracts::*;

    column! {
        /// The contract that this one amends.
        amends_id -> Nullable<Uuid>,
    }

    column! {
        /// The number of the amendment, from 1; 0 for a contract of its own.
        amendment -> Int4,
    }

    column! {
        /// The first day of the amended terms.
        effective_on -> Nullable<Date>,
    }

    column! {
        /// The terms that the amendment replaced.
        former_terms -> Nullable<Jsonb>,
    }

    column! {
        /// The number, by which contracts are sorted; empty where there is none.
        number_key -> Text,
    }
}

/// `orders`, with all its columns.
pub mod orders {
    use diesel::sql_types::{Bool, Jsonb, Nullable, Text};

    pub use crate::db::schema::orders::*;

    column! {
        /// How the amounts are rounded.
        rounding -> Text,
    }

    column! {
        /// What is rounded.
        rounded_per -> Text,
    }

    column! {
        /// Whether unit prices include the tax.
        prices_include_tax -> Bool,
    }

    column! {
        /// What the department wants to know.
        question -> Nullable<Jsonb>,
    }

    column! {
        /// The request to cancel it, which waits for the department's word.
        cancellation -> Nullable<Jsonb>,
    }

    column! {
        /// The text that a search looks through.
        search -> Text,
    }
}
