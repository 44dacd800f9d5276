//! The users that rows name as owners.

use std::collections::HashMap;

use diesel::{ExpressionMethods, QueryDsl};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::{
    access::UserId,
    db::schema::users,
    error::Result,
    values::{Email, Line},
};

/// The active users by their e-mail address, their name and their id. A name that two have says nothing.
#[derive(Default)]
pub struct Owners(HashMap<String, Option<UserId>>);

impl Owners {
    /// The active persons.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn load(mut db: &AsyncPgConnection) -> Result<Self> {
        let active = users::table.filter(users::status.eq("active")).filter(users::kind.eq("person")).select((
            users::id,
            users::name,
            users::email,
        ));
        let rows: Vec<(UserId, Line, Option<Email>)> = active.load(&mut db).await?;
        let mut known: HashMap<String, Option<UserId>> = HashMap::new();
        for (id, name, email) in rows {
            known.insert(id.to_string(), Some(id));
            if let Some(email) = email {
                known.insert(email.as_str().to_lowercase(), Some(id));
            }
            known.entry(name.as_str().to_lowercase()).and_modify(|one| *one = None).or_insert(Some(id));
        }
        Ok(Self(known))
    }

    /// The user whom `text` names.
    pub fn find(&self, text: &str) -> Option<UserId> {
        self.0.get(&text.trim().to_lowercase()).copied().flatten()
    }
}
