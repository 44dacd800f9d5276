//! Whether the company may approach the person of an interaction.

use super::{kinds::Direction, model::Interaction, status::InteractionStatus};
use crate::{
    change::Tx,
    contacts::{self, Outreach},
    error::Result,
};

/// Refuses an interaction from the company's side with a person who has left the client, or who has withdrawn the consent
/// that it needs. `parent` is the pointer to the object in the body that its fields come from. The caller has locked the
/// client.
///
/// # Errors
/// 409 naming the consent, 422 for a contact of another client or one who was erased.
pub async fn permit(tx: &mut Tx<'_>, interaction: &Interaction, parent: &str) -> Result<()> {
    let terms = &interaction.terms;
    let Some(contact) = terms.contact_id else { return Ok(()) };
    let is_planned = interaction.status == InteractionStatus::Planned;
    let is_alive = is_planned || interaction.status == InteractionStatus::Done;
    let is_ours = is_alive && terms.direction == Direction::Outbound;
    let channels = if terms.purpose.is_contractual() { &[] } else { terms.channel.consents() };
    let outreach = Outreach { is_ours, channels, is_planned, at: interaction.at() };
    contacts::permit_outreach(tx, interaction.client_id, contact, outreach, &format!("{parent}/contact_id")).await
}

/// Whether `after` approaches a person as `before` did not. What was allowed once can still be told more about.
pub fn is_new(before: &Interaction, after: &Interaction) -> bool {
    let asked = |row: &Interaction| {
        let terms = &row.terms;
        (row.at(), terms.contact_id, terms.channel, terms.direction, terms.purpose)
    };
    asked(before) != asked(after)
}
