//! Whether a client is entered a second time. The search goes beyond the caller's reach: else two managers who cannot see each
//! other's clients would court the same company. What is told of a client out of reach is up to the role's policy.

use std::{collections::HashSet, iter};

use diesel::{ExpressionMethods, QueryDsl, QueryableByName, sql_query, sql_types};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::try_join;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{
    likeness,
    model::{Client, ClientId, Kind},
};
use crate::{
    access::{DuplicatesTell, Reach, Read},
    change::Tx,
    db::{Jsonb, Sql, lock_values_until_commit, schema::clients},
    error::{Error, ProblemType, Result},
    list::search::{fold, is_legal_form},
    values::{Email, Kpp, Line, Phone, TaxId, Website},
};

/// Create or change a client though it may be a duplicate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AllowDuplicate {
    /// Why it is another client, or why it is entered again.
    pub reason: Line,
}

/// What identifies a client, as far as it is given or has changed.
#[derive(Debug, Default)]
pub struct Identifiers {
    tax_id: Option<String>,
    kpp: Option<String>,
    phones: Vec<String>,
    emails: Vec<String>,
    name: Option<String>,
    website: Option<String>,
    mail: Option<String>,
}

/// A client that another one may be.
#[derive(Clone, Debug, QueryableByName)]
pub struct Candidate {
    #[diesel(sql_type = sql_types::Uuid)]
    id: ClientId,
    #[diesel(sql_type = sql_types::Text)]
    name: String,
    #[diesel(sql_type = sql_types::Text)]
    owner_name: String,
    #[diesel(sql_type = sql_types::Array<sql_types::Text>)]
    matched: Vec<String>,
}

/// What is matched for certain. Names and domains are alike also by chance.
const CERTAIN: [&str; 3] = ["tax_id", "phone", "email"];
/// The most candidates that a refusal names.
const MOST_NAMED: usize = 10;

impl Identifiers {
    /// Those of `client`. Persons share telephones, names and domains, so they are identified by their tax number alone.
    pub fn of(client: &Client) -> Self {
        let terms = &client.terms;
        let text = |text: Option<&str>| text.map(str::to_owned);
        let tax = Self {
            tax_id: text(terms.tax_id.as_ref().map(TaxId::as_str)),
            kpp: text(terms.kpp.as_ref().map(Kpp::as_str)),
            ..Self::default()
        };
        if client.kind == Kind::Person {
            return tax;
        }
        let phones = terms.phone.iter().chain(terms.other_phones.0.iter().map(|other| &other.number));
        let emails = terms.email.iter().chain(terms.other_emails.0.iter().map(|other| &other.address));
        Self {
            phones: phones.map(|phone| phone.as_str().to_owned()).collect(),
            emails: emails.map(|email| email.as_str().to_owned()).collect(),
            name: Some(terms.name.as_str().to_owned()),
            website: text(terms.website.as_ref().map(Website::as_str)),
            mail: text(terms.email.as_ref().map(Email::as_str)),
            ..tax
        }
    }

    /// Those that `after` has and `before` had not.
    pub fn changed(before: &Client, after: &Client) -> Self {
        let (old, new) = (Self::of(before), Self::of(after));
        let fresh = |new: Vec<String>, old: &[String]| new.into_iter().filter(|one| !old.contains(one)).collect();
        let same_tax = (&new.tax_id, &new.kpp) == (&old.tax_id, &old.kpp);
        let same_domain = (&new.website, &new.mail) == (&old.website, &old.mail);
        Self {
            tax_id: new.tax_id.filter(|_| !same_tax),
            kpp: new.kpp,
            phones: fresh(new.phones, &old.phones),
            emails: fresh(new.emails, &old.emails),
            name: new.name.filter(|name| old.name.as_ref() != Some(name)),
            website: new.website.filter(|_| !same_domain),
            mail: new.mail.filter(|_| !same_domain),
        }
    }

    /// What somebody who asks for access knows of a client.
    pub fn known(tax_id: Option<&TaxId>, phone: Option<&Phone>, email: Option<&Email>) -> Self {
        Self {
            tax_id: tax_id.map(|number| number.as_str().to_owned()),
            phones: phone.into_iter().map(|phone| phone.as_str().to_owned()).collect(),
            emails: email.into_iter().map(|email| email.as_str().to_owned()).collect(),
            ..Self::default()
        }
    }

    fn is_empty(&self) -> bool {
        let Self { tax_id, kpp: _, phones, emails, name, website, mail } = self;
        [tax_id, name, website, mail].iter().all(|one| one.is_none()) && phones.is_empty() && emails.is_empty()
    }

    /// By what two entries in one list are the same client: what only one can have, and the name of a company without its legal
    /// form.
    pub fn keys(&self) -> Vec<String> {
        let folded = self.name.as_deref().map(fold).unwrap_or_default();
        let words: Vec<&str> = folded.split(' ').filter(|word| !is_legal_form(word)).collect();
        let name = (!words.is_empty()).then(|| format!("name {}", words.concat()));
        self.certain().into_iter().chain(name).collect()
    }

    /// What only one client can have, for locks.
    fn certain(&self) -> Vec<String> {
        let tagged = |kind: &str, value: &String| format!("{kind} {value}");
        let numbers = self.tax_id.iter().map(|number| tagged("tax_id", number));
        let phones = self.phones.iter().map(|phone| tagged("phone", phone));
        numbers.chain(phones).chain(self.emails.iter().map(|email| tagged("email", email))).collect()
    }
}

impl Candidate {
    fn is_certain(&self) -> bool {
        self.matched.iter().any(|matched| CERTAIN.contains(&matched.as_str()))
    }

    /// How likely it is the same client, 1 to 100.
    pub fn score(&self) -> i16 {
        likeness::score(&self.matched)
    }

    /// The client.
    pub fn id(&self) -> ClientId {
        self.id
    }

    /// What both have in common: `tax_id`, `phone`, `email`, `name`, `domain`.
    pub fn matched(&self) -> &[String] {
        &self.matched
    }

    fn told(&self, is_visible: bool, tell: DuplicatesTell) -> Value {
        match (is_visible, tell) {
            (true, _) => {
                json!({"client_id": self.id, "name": self.name, "owner_name": self.owner_name, "matched": self.matched})
            }
            (false, DuplicatesTell::Owner) => json!({"owner_name": self.owner_name, "matched": self.matched}),
            (false, DuplicatesTell::Existence) => json!({"matched": self.matched}),
        }
    }
}

/// Refuses a client that is entered already. What only one client can have is locked until the transaction ends, so that of
/// two that enter it at once, the second sees the first. With `allow`, likely duplicates pass, and for who reaches all clients
/// also certain ones. Returns the candidates that were let pass.
///
/// # Errors
/// 409 naming what matched and, as far as the caller may know, the clients.
pub async fn refuse(
    tx: &mut Tx<'_>,
    client: ClientId,
    identifiers: &Identifiers,
    allow: Option<&AllowDuplicate>,
) -> Result<Vec<Candidate>> {
    if identifiers.is_empty() {
        return Ok(Vec::new());
    }
    let found = find(tx, client, identifiers).await?;
    if found.is_empty() {
        return Ok(found);
    }
    let visible = visible(tx, &found).await?;
    let overrules = allow.is_some() && tx.actor().reach("clients:read") == Reach::All;
    let is_in_the_way = |candidate: &&Candidate| match candidate.is_certain() {
        true => !overrules,
        // What is only likely is not told of clients out of reach.
        false => allow.is_none() && visible.contains(&candidate.id),
    };
    let in_the_way: Vec<&Candidate> = found.iter().filter(is_in_the_way).collect();
    if in_the_way.is_empty() {
        return Ok(found);
    }
    let tell = tx.actor().duplicates_tell();
    let certain = in_the_way.iter().any(|candidate| candidate.is_certain());
    let told = in_the_way.iter().take(MOST_NAMED).map(|one| one.told(visible.contains(&one.id), tell));
    let refusal = Error::new(ProblemType::DuplicateClient).with("duplicates", told.collect::<Vec<_>>());
    Err(refusal.with("may_be_allowed", !certain || tx.actor().reach("clients:read") == Reach::All))
}

/// A client that one of several is already.
#[derive(Clone, Debug)]
pub struct Twin {
    /// The client, where the caller may see it.
    pub client: Option<ClientId>,
    /// Who works with it, where the caller may know that.
    pub owner_name: Option<String>,
    /// What both have in common.
    pub matched: Vec<String>,
}

/// For each of `clients`, the one that stands in its way as [`refuse`] would tell it without leave, in a number of statements that
/// does not grow with them. Also the likely ones that do not, to be left as pairs.
///
/// # Errors
/// When the database fails.
pub async fn twins(tx: &mut Tx<'_>, clients: &[&Client]) -> Result<Vec<(Option<Twin>, Vec<Candidate>)>> {
    let found = find_all(tx, clients).await?;
    let all: Vec<Candidate> = found.iter().flatten().cloned().collect();
    let visible = if all.is_empty() { HashSet::new() } else { visible(tx, &all).await? };
    let tell = tx.actor().duplicates_tell();
    let twin = |candidates: &[Candidate]| {
        let seen = |one: &&Candidate| visible.contains(&one.id);
        let first = candidates.iter().find(|one| one.is_certain() && seen(one));
        let one = first.or(candidates.iter().find(|one| one.is_certain())).or(candidates.iter().find(seen))?;
        let is_seen = visible.contains(&one.id);
        Some(Twin {
            client: is_seen.then_some(one.id),
            owner_name: (is_seen || tell == DuplicatesTell::Owner).then(|| one.owner_name.clone()),
            matched: one.matched.clone(),
        })
    };
    Ok(found.into_iter().map(|candidates| (twin(&candidates), candidates)).collect())
}

/// What each of `clients` may be. What only one client can have is locked until the transaction ends.
async fn find_all(tx: &mut Tx<'_>, clients: &[&Client]) -> Result<Vec<Vec<Candidate>>> {
    let identifiers: Vec<Identifiers> = clients.iter().map(|client| Identifiers::of(client)).collect();
    let certain: Vec<String> = identifiers.iter().flat_map(Identifiers::certain).collect();
    if !certain.is_empty() {
        lock_values_until_commit(tx, certain).await?;
    }
    let ids = clients.iter().map(|client| client.id);
    let rows = alike(tx, ids.zip(&identifiers)).await?;
    let mut found: Vec<Vec<Candidate>> = clients.iter().map(|_| Vec::new()).collect();
    for Found { place, candidate } in rows {
        if let Some(candidates) = usize::try_from(place).ok().and_then(|place| found.get_mut(place)) {
            candidates.push(candidate);
        }
    }
    Ok(found)
}

/// A candidate for the client in a place of those asked for.
#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = sql_types::Integer)]
    place: i32,
    #[diesel(embed)]
    candidate: Candidate,
}

/// The clients, also out of reach, that have something in common with those that are `known` by their identifiers.
async fn alike(
    mut db: &AsyncPgConnection,
    known: impl Iterator<Item = (ClientId, &Identifiers)>,
) -> Result<Vec<Found>> {
    static FIND: Sql = Sql::new();
    let asked = |(place, (client, known)): (usize, (ClientId, &Identifiers))| {
        json!({
            "place": place, "self": client, "tax_number": known.tax_id, "code": known.kpp, "numbers": known.phones,
            "addresses": known.emails, "called": known.name, "site": known.website, "mail": known.mail,
        })
    };
    let asked: Vec<Value> = known.enumerate().map(asked).collect();
    let query = sql_query("SELECT * FROM clients_alike($1)").bind::<sql_types::Jsonb, _>(Jsonb(asked));
    Ok(FIND.of(query).load(&mut db).await?)
}

/// The clients, also out of reach, that have certain identifiers.
///
/// # Errors
/// When the database fails.
pub async fn certain(tx: &mut Tx<'_>, identifiers: &Identifiers) -> Result<Vec<ClientId>> {
    let nobody = ClientId::from(uuid::Uuid::nil());
    let found = find(tx, nobody, identifiers).await?;
    Ok(found.into_iter().filter(Candidate::is_certain).map(|candidate| candidate.id).collect())
}

async fn find(tx: &mut Tx<'_>, client: ClientId, identifiers: &Identifiers) -> Result<Vec<Candidate>> {
    let certain = identifiers.certain();
    let db: &AsyncPgConnection = tx;
    let lock = async {
        match certain.is_empty() {
            true => Ok(()),
            false => lock_values_until_commit(db, certain).await,
        }
    };
    // Both are sent at once; Postgres looks when it has the locks.
    let ((), found) = try_join!(lock, alike(db, iter::once((client, identifiers))))?;
    Ok(found.into_iter().map(|found| found.candidate).collect())
}

/// Which of the candidates the caller may see.
async fn visible(tx: &mut Tx<'_>, found: &[Candidate]) -> Result<HashSet<ClientId>> {
    let ids: Vec<ClientId> = found.iter().map(|candidate| candidate.id).collect();
    let Ok(scope) = tx.scope::<Client, Read>() else { return Ok(HashSet::new()) };
    let visible = clients::table.filter(clients::id.eq_any(ids)).filter(scope.visible()).select(clients::id);
    Ok(visible.load::<ClientId>(&mut **tx).await?.into_iter().collect())
}
