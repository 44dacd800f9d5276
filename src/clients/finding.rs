//! Whether clients are found by their contacts.

use diesel::pg::Pg;

use super::model::Client;
use crate::{
    access::Actor,
    db::schema::clients,
    list::{
        Spelling, search,
        search::{Words, search_without_persons},
    },
    values::Resource,
};

/// Whether a caller finds clients by their contacts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Persons {
    /// Contacts are searched with the clients.
    Seen,
    /// Only what the clients themselves have is searched.
    Hidden,
}

impl Persons {
    /// Contacts are searched for who may see those of every client that they see.
    pub fn to(actor: &Actor) -> Self {
        match actor.reach("contacts:read") < actor.reach("clients:read") {
            true => Self::Hidden,
            false => Self::Seen,
        }
    }

    /// The rows of `query` in which all of `words` are found.
    pub fn search(
        self,
        query: clients::BoxedQuery<'static, Pg>,
        words: &Words,
        spelling: Spelling,
    ) -> clients::BoxedQuery<'static, Pg> {
        match self {
            Self::Seen => search(query, Client::NAME, words, spelling),
            Self::Hidden => search_without_persons(query, Client::NAME, words, spelling),
        }
    }
}
