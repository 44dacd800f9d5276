//! The market around the demonstration company: what other currencies are worth, and who else sells. The source has none of this.

use serde_json::json;

use super::Company;
use crate::{
    access::Scope,
    change::Tx,
    competitor_offers, competitors,
    error::{Error, Result},
    exchange_rates,
};

/// The product that a competitor offers, too, by its number in the source.
const PRODUCT: u32 = 3;

/// Enters an exchange rate, a competitor and its offer.
///
/// # Errors
/// When the database fails.
pub async fn load(tx: &mut Tx<'_>, company: &Company<'_>) -> Result<()> {
    let rate = json!({"currency": "EUR", "rate": "1.08", "starts_on": "2026-01-01"});
    let rate = serde_json::from_value(rate).map_err(Error::internal)?;
    exchange_rates::insert(tx, &Scope::system(), rate).await?;
    let competitor =
        json!({"name": "Lehigh Foods", "website": "https://lehigh.example", "strengths": "Delivers within a day"});
    let competitor = serde_json::from_value(competitor).map_err(Error::internal)?;
    let competitor = competitors::insert(tx, &Scope::system(), competitor).await?;
    let product = company.products.get(&PRODUCT).ok_or_else(|| Error::internal("no such product"))?;
    let offer = json!({"product_id": product.id, "competitor_id": competitor.id, "name": "Anise syrup", "price": "9.50", "currency": "EUR",
        "seen_on": "2026-11-02", "better_at": "A bottle that closes well", "worse_at": "Sweeter than most clients like"});
    let offer = serde_json::from_value(offer).map_err(Error::internal)?;
    competitor_offers::insert(tx, &Scope::system(), offer).await?;
    Ok(())
}
