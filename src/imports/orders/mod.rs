//! Past orders: a row is a line, and the rows that name one order make it together. An order is imported whole or not at all.

mod fates;
mod fields;
mod lookup;
mod order;

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::{
    fields::Fields,
    kind::{About, Earlier, Kind},
    reader::{Read, Reader, Values, Wrong},
    row::{Fate, Undo},
    rows::{Applied, Checked, Loaded},
    written,
};
use crate::{
    access::Read as ReadRight,
    change::Tx,
    error::Result,
    orders::{self, Order, OrderId, RecordOrder},
    values::{Entity, Invalid},
};

/// Rows that are the lines of past orders.
#[derive(Debug)]
pub enum Orders {}

/// What a row says.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The id of the order.
    pub order: String,
    /// What it says of the order, as the body that records it has it.
    pub head: Map<String, Value>,
    /// What it says of the line.
    pub line: Map<String, Value>,
    /// The client's id in the other system, taxpayer number and name.
    pub client: [Option<String>; 3],
    /// The product's stock keeping unit and id in the other system.
    pub product: [Option<String>; 2],
    /// The columns by the fields that they fill.
    pub places: BTreeMap<String, usize>,
}

impl Kind for Orders {
    type Entry = Entry;

    const FIELDS: Fields = fields::FIELDS;
    const CHUNK: i64 = 50;
    const GROUPED_BY: Option<&'static str> = Some(fields::ORDER);

    fn permit(tx: &Tx<'_>) -> Result<()> {
        tx.scope::<Order, RecordOrder>().map(drop)
    }

    fn read(reader: &Reader<'_>, values: &Values<'_>, wrong: &mut Wrong) -> Option<Entry> {
        let Some((_, order)) = values.get(fields::ORDER) else {
            wrong.push((reader.import.column_of(fields::ORDER), Invalid::Required));
            return None;
        };
        let text = |field: &str| values.get(field).map(|(_, cell)| cell.to_owned());
        Some(Entry {
            order: order.to_owned(),
            head: head(reader, values, wrong),
            line: line(values, wrong),
            client: ["client.external_id", "client.tax_id", "client.name"].map(text),
            product: ["line.sku", "line.external_id"].map(text),
            places: values.places(),
        })
    }

    async fn check(
        tx: &mut Tx<'_>,
        about: &About<'_>,
        _earlier: Earlier<'_>,
        rows: Vec<Read<'_, Entry>>,
    ) -> Result<Vec<Checked>> {
        fates::find(tx, about, &rows).await
    }

    async fn apply(tx: &mut Tx<'_>, about: &About<'_>, rows: Vec<Read<'_, Entry>>) -> Result<Vec<Applied>> {
        let lookup = lookup::Lookup::load(tx, about.import, &rows).await?;
        let scope = tx.scope::<Order, RecordOrder>()?;
        let mut applied = Vec::with_capacity(rows.len());
        for group in rows.chunk_by(|one, next| one.row.group_line == next.row.group_line) {
            if let Some(target) = lookup.existing(about.import, group) {
                applied.extend(group.iter().map(|row| row.kept(Fate::Duplicate, target)));
                continue;
            }
            // What was found wrong since the check is told for the whole order.
            let new = order::of(about.import, &lookup, group).map_err(order::refusal)?;
            let order = orders::record(tx, &scope, new).await?.order;
            let made = |row: &Read<'_, Entry>| row.kept(Fate::Create, Some(order.uuid()));
            applied.extend(group.iter().map(|row| Applied { target_version: Some(order.version), ..made(row) }));
        }
        Ok(applied)
    }

    /// A past order that was imported by mistake is cancelled, and no longer has the ids of the other system.
    async fn take_back(tx: &mut Tx<'_>, row: &Loaded) -> Result<Undo> {
        let (Some(id), Some(version)) = (row.target_id.map(OrderId::from), row.target_version) else {
            return Ok(Undo::Undone);
        };
        let (Ok(read), Ok(record)) = (tx.scope::<Order, ReadRight>(), tx.scope::<Order, RecordOrder>()) else {
            return Ok(Undo::Forbidden);
        };
        let Ok(order) = orders::find(tx, &read, id).await else { return Ok(Undo::Forbidden) };
        if record.permit(&order).is_err() {
            return Ok(Undo::Forbidden);
        }
        if order.version != version {
            return Ok(Undo::ChangedSince);
        }
        orders::take_back(tx, &record, id).await.map(|_| Undo::Undone)
    }
}

/// What a row says of its order.
fn head(reader: &Reader<'_>, values: &Values<'_>, wrong: &mut Wrong) -> Map<String, Value> {
    let mut head = Map::new();
    for field in ["ordered_on", "fulfilled_on", "requested_delivery_on"] {
        let Some((at, cell)) = values.get(field) else { continue };
        match written::day(cell) {
            Ok(day) => drop(head.insert(field.to_owned(), json!(day))),
            Err(invalid) => wrong.push((Some(at), invalid)),
        }
    }
    let texts = [("number", str::to_owned as fn(&str) -> String), ("comment", str::to_owned)];
    for (field, written) in texts.into_iter().chain([("status", lower as _), ("currency", upper as _)]) {
        if let Some((_, cell)) = values.get(field) {
            head.insert(field.to_owned(), json!(written(cell)));
        }
    }
    head.extend(reader.own_values(values, "", wrong));
    // A list that says when orders were fulfilled says of the others that they were not yet.
    let is_told = reader.import.column_of("fulfilled_on").is_some();
    if is_told && !head.contains_key("fulfilled_on") && !head.contains_key("status") {
        head.insert("status".to_owned(), json!("approved"));
    }
    head
}

fn lower(text: &str) -> String {
    text.to_lowercase()
}

fn upper(text: &str) -> String {
    text.to_uppercase()
}

/// What a row says of its line.
fn line(values: &Values<'_>, wrong: &mut Wrong) -> Map<String, Value> {
    let mut line = Map::new();
    for field in ["quantity", "unit_price", "discount_percent", "tax_rate"] {
        if let Some((_, cell)) = values.get(&format!("line.{field}")) {
            line.insert(field.to_owned(), json!(written::amount(cell)));
        }
    }
    if let Some((at, cell)) = values.get("line.discount_fraction") {
        match written::amount(cell).parse::<Decimal>() {
            Ok(part) => {
                drop(line.insert("discount_percent".to_owned(), json!((part * Decimal::ONE_HUNDRED).normalize())));
            }
            Err(_no_number) => wrong.push((Some(at), Invalid::Decimal)),
        }
    }
    line
}
