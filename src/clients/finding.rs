//! How clients are found by words.

use diesel::{
    QueryDsl, QueryResult,
    dsl::sql,
    pg::Pg,
    sql_types::{Array, Bool, Text},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::model::{Client, ClientId};
use crate::{
    access::{Actor, Reach, Read},
    db::schema::clients,
    error::Result,
    list::{
        Spelling, search,
        search::{Words, search_among_few, without_persons},
    },
    values::Resource,
};

/// Those of `query` that are called just as `words` say, whatever their legal form.
pub fn namesakes(query: clients::BoxedQuery<'static, Pg>, words: &Words) -> clients::BoxedQuery<'static, Pg> {
    let called = sql::<Bool>("clients.name_key = ANY(ARRAY(SELECT search_name_key(phrase) FROM unnest(")
        .bind::<Array<Text>, _>(words.phrases().to_vec())
        .sql("::text[]) AS phrase))");
    query.filter(called)
}

/// Up to how many clients are looked at one by one. An index of the words of all takes as long as for some thousand of them.
const FEW: i64 = 3000;

/// How a caller finds clients by words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Finding {
    /// Whether contacts are searched with the clients: for who may see those of every client that they see.
    sees_persons: bool,
    /// Whether the caller's clients are few.
    among_few: bool,
    /// Whether the caller sees all clients and their contacts, and so may know what words many of them have.
    sees_all: bool,
}

impl Finding {
    /// How `actor` finds them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn to(db: &AsyncPgConnection, actor: &Actor) -> Result<Self> {
        let sees_persons = actor.reach("contacts:read") >= actor.reach("clients:read");
        let reaches_all = actor.reach("clients:read") == Reach::All;
        let among_few = !reaches_all && are_few(db, actor).await?;
        Ok(Self { sees_persons, among_few, sees_all: reaches_all && sees_persons })
    }

    /// `words` as they are looked for in a spelling.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn spelled(self, db: &AsyncPgConnection, words: &Words, spelling: Spelling) -> QueryResult<Words> {
        match spelling {
            Spelling::Nearly if self.sees_all => Ok(words.corrected(&frequent_words(db).await?)),
            _ => Ok(words.clone()),
        }
    }

    /// The rows of `query` in which all of `words` are found.
    pub fn search(
        self,
        query: clients::BoxedQuery<'static, Pg>,
        words: &Words,
        spelling: Spelling,
    ) -> clients::BoxedQuery<'static, Pg> {
        let found = match self.among_few {
            true => search_among_few(query, Client::NAME, words, spelling),
            false => search(query, Client::NAME, words, spelling),
        };
        match self.sees_persons {
            true => found,
            false => without_persons(found, Client::NAME, words, spelling),
        }
    }
}

/// The words that very many clients have, the most frequent first, as Postgres last found them.
async fn frequent_words(mut db: &AsyncPgConnection) -> QueryResult<Vec<String>> {
    diesel::select(sql::<Array<Text>>("frequent_words_of_clients()")).get_result(&mut db).await
}

async fn are_few(mut db: &AsyncPgConnection, actor: &Actor) -> Result<bool> {
    let Ok(scope) = actor.scope::<Client, Read>() else { return Ok(true) };
    let one_more = clients::table.filter(scope.visible()).select(clients::id).offset(FEW).limit(1);
    Ok(one_more.load::<ClientId>(&mut db).await?.is_empty())
}
