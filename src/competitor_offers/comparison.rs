//! A product beside the offers of competitors.

use diesel::{ExpressionMethods, NullableExpressionMethods, QueryDsl, SelectableHelper};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use rust_decimal::{Decimal, RoundingStrategy};
use serde::Serialize;
use utoipa::ToSchema;

use super::model::CompetitorOffer;
use crate::{
    access::{Read, Scope},
    db::schema::{competitor_offers, competitors},
    error::{Error, Result},
    exchange_rates::in_own_currency,
    products::{self, Product, ProductId},
    values::{Amount, CurrencyCode, Difference, Line, Prose, Text},
};

/// Most offers of a comparison.
const MOST: i64 = 50;

/// A product beside the offers of competitors.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProductComparison, example = json!({"product": {"id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e2f", "sku": "TEA-018", "name": "Chai", "unit": "10 boxes x 30 bags",
    "base_price": "18.00", "currency": "USD", "strengths": "Brews in a minute", "weaknesses": null},
    "offers": [{"id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e30", "version": 1, "created_at": "2026-11-20T09:30:00Z",
        "updated_at": "2026-11-20T09:30:00Z", "product_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e2f",
        "competitor_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e31", "name": "Green tea, 100 bags", "price": "21.60", "currency": "USD",
        "seen_on": "2026-11-20", "source": null, "better_at": "A sealed tin", "worse_at": null, "is_active": true,
        "competitor": "Tokyo Tea Traders", "price_difference_percent": "20.00"}]}))]
pub struct Comparison {
    /// Our product.
    product: Compared,
    /// The offers that are made now, the last seen first.
    #[schema(max_items = 50)]
    offers: Vec<ComparedOffer>,
}

/// Our product.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ComparedProduct)]
pub struct Compared {
    /// Identifier.
    id: ProductId,
    /// The stock keeping unit.
    sku: Text<50>,
    /// What the product is called.
    name: Line,
    /// The unit that it is sold in.
    unit: Text<50>,
    /// The price of one unit, before discount and tax.
    base_price: Amount,
    /// The currency of the price.
    currency: CurrencyCode,
    /// What speaks for it.
    strengths: Option<Prose>,
    /// What speaks against it.
    weaknesses: Option<Prose>,
}

/// An offer of a competitor.
#[derive(Debug, Serialize, ToSchema)]
pub struct ComparedOffer {
    #[serde(flatten)]
    offer: CompetitorOffer,
    /// What the competitor is called.
    competitor: Line,
    /// How much dearer it is than our product, in percent; negative when it is cheaper.
    price_difference_percent: Option<Difference>,
}

/// The product `id` beside what is offered now on the same need.
///
/// # Errors
/// 404 for a product that does not exist.
pub async fn compare(
    mut db: &AsyncPgConnection,
    _scope: &Scope<CompetitorOffer, Read>,
    id: ProductId,
) -> Result<Comparison> {
    type Row = (CompetitorOffer, Line, Option<Decimal>, Option<Decimal>);
    let product = products::find_all(db, vec![id], Vec::new()).await?.pop().ok_or_else(Error::not_found)?;
    let (price, currency) = (product.terms.base_price, product.terms.currency.clone());
    let theirs = in_own_currency(
        competitor_offers::price.assume_not_null(),
        competitor_offers::currency.assume_not_null(),
        competitor_offers::seen_on,
    );
    let rows: Vec<Row> = competitor_offers::table
        .inner_join(competitors::table)
        .filter(competitor_offers::product_id.eq(id))
        .filter(competitor_offers::is_active)
        .filter(competitors::is_active)
        .order((competitor_offers::seen_on.desc(), competitor_offers::id.desc()))
        .limit(MOST)
        .select((
            CompetitorOffer::as_select(),
            competitors::name,
            theirs,
            in_own_currency(price, currency, competitor_offers::seen_on),
        ))
        .load(&mut db)
        .await?;
    let offers = rows.into_iter().map(|(offer, competitor, theirs, ours)| ComparedOffer {
        price_difference_percent: difference(&product, &offer, theirs.zip(ours)),
        offer,
        competitor,
    });
    let offers = offers.collect();
    Ok(Comparison { product: Compared::of(product), offers })
}

/// How much dearer `offer` is. Two prices in one currency need no exchange rate.
fn difference(product: &Product, offer: &CompetitorOffer, converted: Option<(Decimal, Decimal)>) -> Option<Difference> {
    let price = offer.terms.price?.value();
    let (theirs, ours) = match offer.terms.currency.as_ref() == Some(&product.terms.currency) {
        true => (price, product.terms.base_price.value()),
        false => converted?,
    };
    let percent = (theirs - ours).checked_div(ours)?.checked_mul(Decimal::ONE_HUNDRED)?;
    Difference::new(percent.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero)).ok()
}

impl Compared {
    fn of(Product { id, terms, .. }: Product) -> Self {
        Self {
            id,
            sku: terms.sku,
            name: terms.name,
            unit: terms.unit,
            base_price: terms.base_price,
            currency: terms.currency,
            strengths: terms.strengths,
            weaknesses: terms.weaknesses,
        }
    }
}
