//! Many new clients at once, in a number of statements that does not grow with them. The rules are those of one.

use std::collections::HashMap;

use diesel::ExpressionMethods;

use super::{
    duplicates::{self, Candidate, Twin},
    model::{Client, ClientId, ClientStart, NewClient},
    owners, pairs, parent,
    sight::refuse_blind,
};
use crate::{
    access::{Create, Scope, UserId},
    change::{Row, Tx, begin_custom, custom_taken, permit_confidential},
    db::{Sql, insert_many, wide::clients},
    error::{Error, OnConstraint, Result},
    http::Parts,
    users::{self, Owner},
    values::Invalid,
};

/// What became of one of many new clients.
#[derive(Debug)]
pub enum Entered {
    /// It is created.
    Created(Box<Client>),
    /// There is one like it.
    Twin(Twin),
    /// It is against the rules, or out of reach.
    Refused(Error),
}

/// Creates clients, those that can be; each of the others is told by itself. They all begin without a parent and without leave to
/// be duplicates. With each come the words of the contacts that are about to be entered, folded.
///
/// # Errors
/// When the database fails, or another transaction was faster with an id of another system.
pub async fn insert_all(
    tx: &mut Tx<'_>,
    scope: &Scope<Client, Create>,
    new: Vec<(NewClient, String)>,
) -> Result<Vec<Entered>> {
    let mut known = Known::default();
    let mut clients: Vec<Result<Client>> = Vec::with_capacity(new.len());
    let mut words = HashMap::with_capacity(new.len());
    for (Parts(start, terms), of_contacts) in new {
        let client = match known.owner(tx, scope, &start).await {
            Ok(owner) => {
                let mut client = Client::lead(tx.new_id(), start.kind, &owner, terms, tx.now());
                words.insert(client.id, of_contacts);
                known.check(tx, &mut client).await.map(|()| client)
            }
            Err(error) => Err(error),
        };
        clients.push(client);
    }
    let sound: Vec<&Client> = clients.iter().filter_map(|client| client.as_ref().ok()).collect();
    let twins = if sound.is_empty() { Vec::new() } else { duplicates::twins(tx, &sound).await? };
    let mut twins = twins.into_iter();
    let (mut entered, mut created, mut likely) = (Vec::with_capacity(clients.len()), Vec::new(), Vec::new());
    for client in clients {
        entered.push(match client {
            Err(error) => Entered::Refused(error),
            Ok(client) => match twins.next().unwrap_or_default() {
                (Some(twin), _) => Entered::Twin(twin),
                (None, candidates) => {
                    likely.push((client.id, candidates));
                    created.push(client.clone());
                    Entered::Created(Box::new(client))
                }
            },
        });
    }
    write(tx, &created, words, &likely).await?;
    Ok(entered)
}

async fn write(
    tx: &mut Tx<'_>,
    created: &[Client],
    mut words: HashMap<ClientId, String>,
    likely: &[(ClientId, Vec<Candidate>)],
) -> Result<()> {
    static INSERT: Sql = Sql::new();
    if created.is_empty() {
        return Ok(());
    }
    let mut words_of = |client: &Client| words.remove(&client.id).unwrap_or_default();
    let rows: Vec<(&Client, String)> = created.iter().map(|client| (client, words_of(client))).collect();
    let written = insert_many(tx, &INSERT, &rows, |some| {
        let rows = some.iter().map(|(client, words)| (*client, clients::contact_words.eq(words)));
        diesel::insert_into(clients::table).values(rows.collect::<Vec<_>>())
    });
    written.await.on_constraint(custom_taken)?;
    owners::begin_all(tx, created).await?;
    for client in created {
        tx.created(client);
    }
    for (client, candidates) in likely {
        pairs::leave(tx, *client, candidates, None).await?;
    }
    Ok(())
}

/// What was found out about the owners of earlier ones. That somebody sees the clients that they own is the same for all.
#[derive(Default)]
struct Known {
    owners: HashMap<UserId, Owner>,
    seeing: HashMap<UserId, bool>,
}

impl Known {
    async fn owner(&mut self, tx: &mut Tx<'_>, scope: &Scope<Client, Create>, start: &ClientStart) -> Result<Owner> {
        let id = start.owner_id.or_else(|| tx.user_id());
        let id = id.ok_or_else(|| Error::field("/owner_id", Invalid::Required))?;
        let owner = match self.owners.get(&id) {
            Some(owner) => *owner,
            None => *self.owners.entry(id).or_insert(users::owner(tx, id, "/owner_id").await?),
        };
        scope.permit_owner(owner.id, owner.team_id)?;
        Ok(owner)
    }

    async fn check(&mut self, tx: &mut Tx<'_>, client: &mut Client) -> Result<()> {
        permit_confidential(tx.actor(), client)?;
        client.check()?;
        begin_custom(tx, client).await?;
        parent::check(tx, client).await?;
        match self.seeing.get(&client.owner_id) {
            Some(true) => {}
            _ => {
                refuse_blind(tx, client.owner_id, client, "/owner_id").await?;
                self.seeing.insert(client.owner_id, true);
            }
        }
        client.refuse_taken(tx, None).await
    }
}
