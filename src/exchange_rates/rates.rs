//! Amounts in the organisation's currency.

diesel::define_sql_function! {
    /// `amount` of a `currency` in the organisation's currency, by the last rate from `day` or before; `NULL` where there is no
    /// such rate.
    fn in_own_currency(
        amount: diesel::sql_types::Numeric,
        currency: diesel::sql_types::Text,
        day: diesel::sql_types::Date,
    ) -> diesel::sql_types::Nullable<diesel::sql_types::Numeric>;
}
