//! The lines of orders: how they are checked, priced from their products and stored.

use std::collections::{HashMap, HashSet};

use diesel::{BelongingToDsl, ExpressionMethods, QueryDsl};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::{
    bodies::NewOrderLine,
    model::{Order, OrderId, OrderLine, OrderLineId, OrderWithLines},
};
use crate::{
    change::Tx,
    db::{Sql, columns_of, insert_many, schema::order_lines},
    error::{Error, FieldError, Result},
    pricing::{Amounts, Figures, amounts},
    products::{self, Product, ProductId},
    values::{Amount, CurrencyCode, FulfilledQuantity, Invalid, Line, Percent, Quantity, Say, Text, Total},
};

/// Most lines of one order.
pub const MAX_LINES: usize = 200;

/// Lines that were checked against their products.
#[derive(Debug)]
pub struct Priced {
    /// The currency of the lines.
    pub currency: CurrencyCode,
    /// The lines.
    pub lines: Vec<LineTerms>,
}

/// A line with everything that decides its amounts.
#[derive(Clone, Debug)]
pub struct LineTerms {
    /// What is ordered.
    pub product_id: ProductId,
    /// The product's name.
    pub name: Line,
    /// The product's unit.
    pub unit: Text<50>,
    /// How much is ordered.
    pub quantity: Quantity,
    /// What one unit costs before discount and tax.
    pub unit_price: Amount,
    /// What is taken off.
    pub discount_percent: Percent,
    /// The rate of the tax.
    pub tax_rate: Percent,
    /// Why it is not the product's.
    pub tax_reason: Option<Text<200>>,
}

/// Refuses an empty list and one that is too long.
///
/// # Errors
/// 422 at `/lines`.
pub fn check_count<T>(lines: &[T]) -> Result<()> {
    match lines.len() {
        0 => Err(Error::field("/lines", Invalid::TooShort(1))),
        count if count > MAX_LINES => Err(Error::field("/lines", Invalid::TooLong(MAX_LINES))),
        _ => Ok(()),
    }
}

/// Looks up the products of `new`. All must be priced in `currency`, or in the currency of the first product when none
/// is given.
///
/// # Errors
/// 422 for each line whose product does not exist, has another currency or, unless it is `past`, is not active.
pub async fn price(
    db: &AsyncPgConnection,
    new: Vec<NewOrderLine>,
    currency: Option<CurrencyCode>,
    past: bool,
) -> Result<Priced> {
    check_count(&new)?;
    let ids: HashSet<ProductId> = new.iter().filter_map(|line| line.product_id).collect();
    let skus = new.iter().filter_map(|line| line.sku.clone()).collect();
    let products = products::find_all(db, ids.into_iter().collect(), skus).await?;
    let first = new.iter().find_map(|line| meant(line, &products).ok()).map(|product| product.terms.currency.clone());
    let currency = currency.or(first);
    let (mut lines, mut errors) = (Vec::new(), Vec::new());
    for (index, line) in new.into_iter().enumerate() {
        match sold(&line, &products, currency.as_ref(), past) {
            Ok(product) => lines.push(terms(&line, product)),
            Err((member, invalid)) => errors.push(FieldError::new(format!("/lines/{index}/{member}"), invalid)),
        }
    }
    match currency {
        Some(currency) if errors.is_empty() => Ok(Priced { currency, lines }),
        _ => Err(Error::fields(errors)),
    }
}

/// A member of a line, and what is wrong with it.
type Wrong = (&'static str, Invalid);

/// The product that a line names, by its id or by its stock keeping unit.
fn meant<'p>(line: &NewOrderLine, products: &'p [Product]) -> Result<&'p Product, Wrong> {
    let (member, found) = match (&line.product_id, &line.sku) {
        (Some(id), None) => ("product_id", products.iter().find(|product| product.id == *id)),
        (None, Some(sku)) => ("sku", products.iter().find(|product| product.terms.sku == *sku)),
        (None, None) => return Err(("product_id", Invalid::Required)),
        (Some(_), Some(_)) => {
            let say = Say::new("Give either product_id or sku.", "Укажите либо `product_id`, либо `sku`.");
            return Err(("sku", Invalid::Rule("one_of", say)));
        }
    };
    found.ok_or((member, Invalid::UnknownReference))
}

fn sold(
    line: &NewOrderLine,
    products: &[Product],
    currency: Option<&CurrencyCode>,
    past: bool,
) -> Result<Product, Wrong> {
    let product = meant(line, products)?;
    let member = if line.sku.is_some() { "sku" } else { "product_id" };
    if !product.terms.is_active && !past {
        return Err((member, inactive()));
    }
    if currency != Some(&product.terms.currency) {
        let say = Say::new("The product is priced in another currency.", "Цена товара в другой валюте.");
        return Err((member, Invalid::Rule("currency_mismatch", say)));
    }
    if !product.terms.is_divisible && !past && !line.quantity.value().fract().is_zero() {
        return Err(("quantity", indivisible()));
    }
    Ok(product.clone())
}

/// The terms of `line`. A price or tax rate that was left out comes from the product.
fn terms(line: &NewOrderLine, product: Product) -> LineTerms {
    LineTerms {
        product_id: product.id,
        name: product.terms.name,
        unit: product.terms.unit,
        quantity: line.quantity,
        unit_price: line.unit_price.unwrap_or(product.terms.base_price),
        discount_percent: line.discount_percent.unwrap_or_else(Percent::least),
        tax_rate: line.tax_rate.unwrap_or(product.terms.tax_rate),
        tax_reason: line.tax_reason.clone(),
    }
}

/// `order` with these lines, their amounts and its totals. A line keeps the identifier of the former line at its
/// position.
///
/// # Errors
/// 422 for amounts that exceed the largest total.
pub fn write(tx: &mut Tx<'_>, order: Order, lines: Vec<LineTerms>, before: &[OrderLine]) -> Result<OrderWithLines> {
    let amounts = amounts(lines.iter().map(LineTerms::figures), order.rules(), &order.currency)
        .map_err(|at| Error::field(format!("/lines/{at}/quantity"), too_large()))?;
    let mut written = Vec::new();
    for (index, (terms, amounts)) in lines.into_iter().zip(amounts).enumerate() {
        let id = before.get(index).map_or_else(|| tx.new_id(), |line| line.id);
        let position = i16::try_from(index + 1).map_err(Error::internal)?;
        written.push(line(id, order.id, position, terms, amounts));
    }
    OrderWithLines { order, lines: written }.totalled().ok_or_else(|| Error::field("/lines", too_large()))
}

impl From<OrderLine> for LineTerms {
    fn from(line: OrderLine) -> Self {
        let OrderLine { product_id, name, unit, quantity, unit_price, .. } = line;
        let OrderLine { discount_percent, tax_rate, tax_reason, .. } = line;
        Self { product_id, name, unit, quantity, unit_price, discount_percent, tax_rate, tax_reason }
    }
}

impl LineTerms {
    fn figures(&self) -> Figures {
        let Self { quantity, unit_price, discount_percent, tax_rate, .. } = *self;
        Figures { quantity, unit_price, discount_percent, tax_rate }
    }
}

fn line(id: OrderLineId, order_id: OrderId, position: i16, terms: LineTerms, amounts: Amounts) -> OrderLine {
    let LineTerms { product_id, name, unit, quantity, unit_price, discount_percent, tax_rate, tax_reason } = terms;
    OrderLine {
        id,
        order_id,
        position,
        product_id,
        name,
        unit,
        quantity,
        unit_price,
        discount_percent,
        tax_rate,
        tax_reason,
        net_amount: amounts.net,
        tax_amount: amounts.tax,
        fulfilled_quantity: FulfilledQuantity::least(),
        returned_quantity: FulfilledQuantity::least(),
    }
}

fn too_large() -> Invalid {
    Invalid::TooLarge(Total::most().to_string())
}

/// The lines of `orders`, in one query. Those of each order are sorted by position.
///
/// # Errors
/// When the database fails.
pub async fn of(mut db: &AsyncPgConnection, orders: &[Order]) -> Result<HashMap<OrderId, Vec<OrderLine>>> {
    if orders.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<OrderLine> = OrderLine::belonging_to(orders)
        .order((order_lines::order_id, order_lines::position))
        .select(columns_of::<OrderLine>())
        .load(&mut db)
        .await?;
    let mut lines: HashMap<OrderId, Vec<OrderLine>> = HashMap::new();
    for line in rows {
        lines.entry(line.order_id).or_default().push(line);
    }
    Ok(lines)
}

/// Writes new lines, in as few statements as possible.
///
/// # Errors
/// When the database fails.
pub async fn insert(tx: &mut Tx<'_>, lines: &[OrderLine]) -> Result<()> {
    static INSERT: Sql = Sql::new();
    Ok(insert_many(tx, &INSERT, lines, |some| diesel::insert_into(order_lines::table).values(some)).await?)
}

/// Replaces all lines of the order with `lines`.
///
/// # Errors
/// When the database fails.
pub async fn replace(tx: &mut Tx<'_>, order: OrderId, lines: &[OrderLine]) -> Result<()> {
    diesel::delete(order_lines::table.filter(order_lines::order_id.eq(order))).execute(&mut **tx).await?;
    insert(tx, lines).await
}

fn inactive() -> Invalid {
    Invalid::Rule("inactive_product", Say::new("This product is not sold now.", "Сейчас этот товар не продаётся."))
}

fn indivisible() -> Invalid {
    Invalid::Rule("indivisible", Say::new("It is sold in whole units only.", "Продаётся только целыми единицами."))
}
