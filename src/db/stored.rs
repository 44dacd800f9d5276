//! Enumerations in `text` columns with a check constraint.

/// Stores an enumeration in a `text` column, by strum's `AsRefStr` and `EnumString`.
///
/// A column of a Postgres enum type would need its own lookup on every connection, and a value could never be removed.
/// Diesel has no derive for `text` yet, and the code is the same for each enumeration.
macro_rules! stored_as_text {
    ($($name:ty),+) => { $(
        impl diesel::serialize::ToSql<diesel::sql_types::Text, diesel::pg::Pg> for $name {
            fn to_sql<'b>(
                &'b self,
                out: &mut diesel::serialize::Output<'b, '_, diesel::pg::Pg>,
            ) -> diesel::serialize::Result {
                let word: &str = self.as_ref();
                std::io::Write::write_all(out, word.as_bytes())?;
                Ok(diesel::serialize::IsNull::No)
            }
        }

        impl diesel::deserialize::FromSql<diesel::sql_types::Text, diesel::pg::Pg> for $name {
            fn from_sql(bytes: diesel::pg::PgValue<'_>) -> diesel::deserialize::Result<Self> {
                Ok(std::str::from_utf8(bytes.as_bytes())?.parse()?)
            }
        }
    )+ };
}
pub(crate) use stored_as_text;

stored_as_text!(crate::values::Language);
