//! Whether a person may be approached. A consent that they withdrew forbids it on its channel, and who left the client is
//! no longer approached at all.

use chrono::Duration;
use diesel::{ExpressionMethods, OptionalExtension, QueryDsl};
use diesel_async::RunQueryDsl;

use super::{
    consent::{CLOCKS_APART, Consent, ConsentChannel, withdrawn},
    model::{Contact, ContactId},
};
use crate::{
    access::Read,
    change::{Tx, unknown_reference},
    clients::ClientId,
    db::{columns_of, schema::contacts},
    error::{Error, ProblemType, Result},
    values::Instant,
};

/// What the company wants with a person at a client, or did.
#[derive(Clone, Copy, Debug)]
pub struct Outreach<'o> {
    /// Whether it comes from the company. What comes from the person needs no consent.
    pub is_ours: bool,
    /// The channels of the consents that it needs; none when a contract asks for it.
    pub channels: &'o [ConsentChannel],
    /// Whether it is still to take place.
    pub is_planned: bool,
    /// When it takes or took place.
    pub at: Instant,
}

impl Outreach<'_> {
    /// The moment at which consents count: for what took place that moment, and otherwise also all that was said until now.
    fn counts_at(&self, now: Instant) -> Instant {
        if self.is_planned { self.at.max(now.after(Duration::minutes(CLOCKS_APART))) } else { self.at }
    }
}

/// Refuses what may not be done with the contact `id` of `client`. The caller has locked the client, so that nobody changes
/// the contact meanwhile.
///
/// # Errors
/// 422 at `pointer` when the client has no such contact, 409 when the person has left or has withdrawn a consent.
pub async fn permit_outreach(
    tx: &mut Tx<'_>,
    client: ClientId,
    id: ContactId,
    outreach: Outreach<'_>,
    pointer: &str,
) -> Result<()> {
    let contact: Option<Contact> = contacts::table
        .find(id)
        .filter(contacts::client_id.eq(client))
        .filter(contacts::erased_at.is_null())
        .select(columns_of::<Contact>())
        .first(&mut **tx)
        .await
        .optional()?;
    let contact = contact.ok_or_else(|| unknown_reference(pointer))?;
    if !outreach.is_ours {
        return Ok(());
    }
    if outreach.is_planned && contact.retired_at.is_some() {
        return Err(left(id));
    }
    match withdrawn(&contact.terms.consents.0, outreach.channels, outreach.counts_at(tx.now())) {
        Some(consent) => Err(forbidden(tx, &contact, consent)),
        None => Ok(()),
    }
}

fn left(id: ContactId) -> Error {
    let refusal = Error::transition("retired", &["restore"]).detail(
        "The person has left the client: nothing is planned with them any more.",
        "Человек больше не работает у клиента: с ним ничего не планируют.",
    );
    refusal.with("contact_id", id)
}

/// Who may not see the contact is not told what the person agreed to.
fn forbidden(tx: &Tx<'_>, contact: &Contact, consent: &Consent) -> Error {
    let refusal = Error::new(ProblemType::ConsentWithdrawn).with("contact_id", contact.id);
    match tx.actor().may::<Contact, Read>(contact) {
        true => refusal.with("consent", consent),
        false => refusal,
    }
}
