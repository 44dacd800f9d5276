//! What an erasure does, in one transaction.

use std::collections::BTreeSet;

use diesel::{
    QueryableByName, sql_query,
    sql_types::{Array, BigInt, Text as SqlText, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::model::{Erased, ErasedPlace, Erasure, NewErasure};
use crate::{
    access::{Erase, Scope},
    auth::throttle,
    change::{ErasedField, Record, Tx, idempotency, lock},
    clients::{self, Client, ClientId},
    contacts::{self, Contact, ContactId},
    db::{Jsonb, schema::erasures},
    departures,
    error::Result,
    http::IfMatch,
    mail,
    personal_data::{Place, Subject, addresses},
    values::{Resource, members_of},
};

/// Erases the personal data of a client, and of the persons at it. It is archived then.
///
/// # Errors
/// 404, 403, 410 when it was erased before, 412, 409 while something is under way with it.
pub async fn client(
    tx: &mut Tx<'_>,
    scope: &Scope<Client, Erase>,
    id: ClientId,
    seen: &IfMatch,
    new: NewErasure,
) -> Result<Erasure> {
    // Locked so that nobody can add anything to it meanwhile, which would stay.
    clients::lock_alone(tx, scope, id).await?;
    let client = lock(tx, scope, id, seen).await?;
    departures::refuse_unfinished(tx, client.id).await?;
    erase(tx, Subject::Client(client.id), &client, new).await
}

/// Erases the personal data of a person at a client.
///
/// # Errors
/// 404, 403, 410 when it was erased before, 412.
pub async fn contact(
    tx: &mut Tx<'_>,
    scope: &Scope<Contact, Erase>,
    id: ContactId,
    seen: &IfMatch,
    new: NewErasure,
) -> Result<Erasure> {
    let client = contacts::lock_client(tx, scope, id).await?;
    let contact = lock(tx, scope, id, seen).await?;
    erase(tx, Subject::Contact(contact.id), &client, new).await
}

/// Erases what is held on `subject`, and writes the deed. `client` is locked.
async fn erase(tx: &mut Tx<'_>, subject: Subject, client: &Client, new: NewErasure) -> Result<Erasure> {
    let addresses = addresses(tx, subject).await?;
    let letters = delete_letters(tx, &addresses).await?;
    throttle::forget_addresses(tx, &addresses).await?;
    let audit_entries = erase_audit(tx, subject, addresses).await?;
    let mut places = Vec::new();
    let mut ids = BTreeSet::from([subject.id().to_string()]);
    for place in subject.places().iter().filter(|place| !place.personal.is_empty()) {
        let changed = replace(tx, place, subject).await?;
        ids.extend(changed.iter().map(|row| row.id.to_string()));
        let fields = fields_of(place);
        if !changed.is_empty() {
            places.push(told(place, &fields, changed.len()));
        }
        if place.is_resource {
            let record = |row: Changed| Record::erased(place.table, row.id, client.id.uuid(), row.version, &fields);
            tx.erased(changed.into_iter().map(record));
        }
    }
    // The subject's own row is the last one.
    tx.because(new.reason.as_str());
    let kept_answers = count(idempotency::empty_answers(tx, &ids).await?);
    clients::touch(tx, client).await?;
    let erasure = Erasure {
        id: tx.new_id(),
        version: 1,
        created_at: tx.now(),
        resource: match subject {
            Subject::Client(_) => Erased::Clients,
            Subject::Contact(_) => Erased::Contacts,
        },
        subject_id: subject.id().into(),
        client_id: client.id,
        erased_by: tx.user_id(),
        reason: new.reason,
        places: Jsonb(places),
        audit_entries,
        kept_answers,
        letters,
    };
    diesel::insert_into(erasures::table).values(&erasure).execute(&mut **tx).await?;
    tx.created(&erasure);
    Ok(erasure)
}

fn fields_of(place: &Place) -> Vec<ErasedField> {
    let confidential = members_of::<Client>().confidential();
    let is_confidential = |name| place.table == Client::NAME && confidential.contains(&name);
    place.fields().into_iter().map(|name| ErasedField { name, is_confidential: is_confidential(name) }).collect()
}

/// What the deed says of a place. It names no field that some of its readers may not know of.
fn told(place: &Place, fields: &[ErasedField], rows: usize) -> ErasedPlace {
    let named = fields.iter().filter(|field| !field.is_confidential).map(|field| field.name.to_owned());
    ErasedPlace { table: place.table.to_owned(), rows: count(rows), fields: named.collect() }
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A row whose personal columns were replaced.
#[derive(QueryableByName)]
struct Changed {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = BigInt)]
    version: i64,
}

async fn replace(tx: &mut Tx<'_>, place: &Place, subject: Subject) -> Result<Vec<Changed>> {
    let now = tx.now();
    let stamp = [("version", "version + 1"), ("updated_at", "$2")];
    let stamp = if place.is_resource { stamp.as_slice() } else { &[] };
    let columns = place.personal.iter().chain(place.besides).chain(stamp);
    let values: Vec<String> = columns.map(|(name, value)| format!("{name} = {value}")).collect();
    let version = if place.is_resource { "version" } else { "0::bigint AS version" };
    let update = format!(
        "UPDATE {} SET {} WHERE {} AND $2 IS NOT NULL RETURNING id, {version}",
        place.table,
        values.join(", "),
        place.rows
    );
    let update = sql_query(update).bind::<SqlUuid, _>(subject.id()).bind::<Timestamptz, _>(now);
    Ok(update.load(&mut **tx).await?)
}

/// Takes the personal values out of the entries of the audit log. Their digests stay, which the seals cover.
async fn erase_audit(tx: &mut Tx<'_>, subject: Subject, addresses: BTreeSet<String>) -> Result<i64> {
    // The reason of an earlier erasure stays, and so does that of this one.
    let of_subject = format!(
        "UPDATE audit_events SET personal = NULL, personal_salt = NULL
         WHERE {} AND personal IS NOT NULL AND action <> 'erased'",
        subject.audit_entries()
    );
    let erased = sql_query(of_subject).bind::<SqlUuid, _>(subject.id()).execute(&mut **tx).await?;
    // Somebody tried to sign in with the person's address.
    let addresses: Vec<String> = addresses.into_iter().collect();
    let of_addresses = sql_query(
        "UPDATE audit_events SET personal = NULL, personal_salt = NULL
         WHERE outcome = 'refused' AND lower(personal #>> '{email,to}') = ANY($1)",
    );
    let tried = of_addresses.bind::<Array<SqlText>, _>(addresses).execute(&mut **tx).await?;
    Ok(count(erased + tried))
}

async fn delete_letters(tx: &mut Tx<'_>, addresses: &BTreeSet<String>) -> Result<i64> {
    let waiting = mail::waiting_for(tx, tx.secrets(), addresses).await?;
    for letter in &waiting {
        mail::delete(tx, letter.id).await?;
    }
    Ok(count(waiting.len()))
}
