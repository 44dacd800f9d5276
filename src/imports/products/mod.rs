//! Products, one in each row.

mod fields;

use serde_json::{Map, json};

use super::{
    fields::Fields,
    filling::{emptied, lacking, names},
    kind::{About, Earlier, Kind},
    model::Duplicates,
    reader::{Read, Reader, Values, Wrong, known_as, notes_of, refused, salvaged},
    row::{Fate, Undo},
    rows::{Applied, Checked, Loaded},
    written,
};
use crate::{
    access::{Actor, Create, Reach, Read as ReadRight, Update},
    change::{self, Tx, unique_keys},
    error::Result,
    external_ids::{self, ExternalId},
    http::{IfMatch, Patch, Terms, body::parse_document},
    products::{self, Product, ProductId, ProductTerms},
    values::{Entity, members_of},
};

/// Rows that are products.
#[derive(Debug)]
pub enum Products {}

impl Kind for Products {
    type Entry = ProductTerms;

    const FIELDS: Fields = fields::FIELDS;

    fn permit(tx: &Tx<'_>) -> Result<()> {
        tx.scope::<Product, Create>().map(drop)
    }

    fn hidden(actor: &Actor) -> &'static [&'static str] {
        match actor.reach("products:read_confidential") > Reach::None {
            true => &[],
            false => members_of::<ProductTerms>().confidential(),
        }
    }

    fn read(reader: &Reader<'_>, values: &Values<'_>, wrong: &mut Wrong) -> Option<ProductTerms> {
        let mut body = Map::new();
        for (field, cell) in values.iter().filter(|(field, _)| reader.takes(field)) {
            let value = match field {
                "external_id" => continue,
                "base_price" | "min_price" | "tax_rate" => json!(written::amount(cell)),
                "currency" => json!(cell.to_uppercase()),
                "kind" => json!(cell.to_lowercase()),
                "is_active" | "is_discontinued" => match written::flag(cell) {
                    // A list of what is no longer sold says the contrary.
                    Ok(given) => {
                        body.insert("is_active".to_owned(), json!(given == (field == "is_active")));
                        continue;
                    }
                    Err(invalid) => {
                        wrong.push((values.place(field), invalid));
                        continue;
                    }
                },
                _ => json!(cell),
            };
            body.insert(field.to_owned(), value);
        }
        body.extend(reader.own_values(values, "", wrong));
        fill_in(reader, values, &mut body);
        body.insert("external_ids".to_owned(), known_as(reader.import, values, wrong).into());
        let place = |pointer: &str| match pointer.split('/').nth(1).unwrap_or_default() {
            "external_ids" => values.place("external_id"),
            _ => values.place_of(pointer),
        };
        salvaged(body, ProductTerms::breaches, &place, wrong)
    }

    async fn check(
        tx: &mut Tx<'_>,
        about: &About<'_>,
        mut earlier: Earlier<'_>,
        rows: Vec<Read<'_, ProductTerms>>,
    ) -> Result<Vec<Checked>> {
        let known = known(tx, &rows).await?;
        let mut checked = Vec::with_capacity(rows.len());
        for row in &rows {
            let mut fate = row.unfit();
            if let Some(terms) = &row.entry {
                fate.keys = keys(terms);
                decide(tx, about, &known, (row, terms), &earlier, &mut fate).await?;
            }
            if fate.fate == Fate::Create {
                earlier.note(&fate.keys, fate.line);
            }
            checked.push(fate);
        }
        Ok(checked)
    }

    async fn apply(tx: &mut Tx<'_>, about: &About<'_>, rows: Vec<Read<'_, ProductTerms>>) -> Result<Vec<Applied>> {
        let known = known(tx, &rows).await?;
        let mut applied = Vec::with_capacity(rows.len());
        for mut row in rows {
            let Some(terms) = row.entry.take() else {
                applied.push(row.kept(Fate::Error, None));
                continue;
            };
            applied.push(match (row.row.fate, same(&known, &terms)) {
                (Some(Fate::Create), Some(product)) => row.kept(Fate::Duplicate, Some(product.uuid())),
                (Some(Fate::Create), None) => create(tx, about, row, terms).await?,
                (_, Some(product)) => fill(tx, &row, product, &terms).await?,
                (_, None) => row.kept(Fate::Error, None),
            });
        }
        Ok(applied)
    }

    /// A product is never deleted: it is taken out of sale.
    async fn take_back(tx: &mut Tx<'_>, row: &Loaded) -> Result<Undo> {
        let (Some(id), Some(version)) = (row.target_id.map(ProductId::from), row.target_version) else {
            return Ok(Undo::Undone);
        };
        let (Ok(read), Ok(update)) = (tx.scope::<Product, ReadRight>(), tx.scope::<Product, Update>()) else {
            return Ok(Undo::Forbidden);
        };
        let product = products::find(tx, &read, id).await?;
        if product.version != version {
            return Ok(Undo::ChangedSince);
        }
        let members: Map<_, _> = match row.fate {
            Some(Fate::Create) => [("is_active".to_owned(), json!(false))].into_iter().collect(),
            _ => emptied(&row.filled.0),
        };
        let patch: Patch<ProductTerms> = parse_document(&json!(members), |_| Vec::new())?;
        change::update(tx, &update, id, &IfMatch::Any, &patch).await.map(|_| Undo::Undone)
    }
}

/// What a list of products may leave out: it sells goods, in the organisation's currency, without tax, by the piece. Without a
/// stock keeping unit, the id in the other system is one.
fn fill_in(reader: &Reader<'_>, values: &Values<'_>, body: &mut Map<String, serde_json::Value>) {
    let mut lacks = |name: &str, value: serde_json::Value| {
        if !body.contains_key(name) {
            body.insert(name.to_owned(), value);
        }
    };
    lacks("kind", json!("good"));
    lacks("unit", json!("piece"));
    lacks("tax_rate", json!("0"));
    lacks("currency", json!(reader.currency));
    if let Some((_, id)) = values.get("external_id") {
        lacks("sku", json!(id));
    }
}

fn keys(terms: &ProductTerms) -> Vec<String> {
    let external = terms.external_ids.0.iter().map(ExternalId::key);
    std::iter::once(format!("sku {}", terms.sku.as_str())).chain(external).collect()
}

/// The products that rows may be about.
async fn known(tx: &mut Tx<'_>, rows: &[Read<'_, ProductTerms>]) -> Result<Vec<Product>> {
    let terms: Vec<&ProductTerms> = rows.iter().filter_map(|row| row.entry.as_ref()).collect();
    let ids: Vec<&ExternalId> = terms.iter().flat_map(|terms| terms.external_ids.0.iter()).collect();
    let held = external_ids::holders::<Product>(tx, &ids).await?;
    let ids = held.into_iter().map(|holder| holder.row_id.into()).collect();
    products::find_all(tx, ids, terms.iter().map(|terms| terms.sku.clone()).collect()).await
}

/// The product that a row is about: the one with its stock keeping unit, else the one with its id.
fn same<'p>(known: &'p [Product], terms: &ProductTerms) -> Option<&'p Product> {
    let by_id = |product: &&Product| terms.external_ids.0.iter().any(|id| product.terms.external_ids.0.contains(id));
    known.iter().find(|product| product.terms.sku == terms.sku).or_else(|| known.iter().find(by_id))
}

async fn decide(
    tx: &mut Tx<'_>,
    about: &About<'_>,
    known: &[Product],
    (row, terms): (&Read<'_, ProductTerms>, &ProductTerms),
    earlier: &Earlier<'_>,
    fate: &mut Checked,
) -> Result<()> {
    if let Some(line) = earlier.line(&fate.keys) {
        fate.fate = Fate::Duplicate;
        fate.duplicate_of_line = Some(line);
        return Ok(());
    }
    if let Some(product) = same(known, terms) {
        fate.target_id = Some(product.uuid());
        fate.fate = match (about.import.terms.duplicates, row.is_wrong) {
            (Duplicates::Fill, false) if lacking(terms, &product.terms)?.is_empty() => Fate::Unchanged,
            (Duplicates::Fill, false) => Fate::Update,
            _ => Fate::Duplicate,
        };
        return Ok(());
    }
    if row.is_wrong {
        return Ok(());
    }
    match refused(products::prepare(tx, terms.clone()).await)? {
        Err(refusal) => fate.notes.extend(notes_of(&refusal, about.language)),
        Ok(product) => {
            fate.fate = Fate::Create;
            about.refuse_repeated(earlier, unique_keys(tx.actor(), &product), fate);
        }
    }
    Ok(())
}

async fn create(
    tx: &mut Tx<'_>,
    about: &About<'_>,
    mut row: Read<'_, ProductTerms>,
    terms: ProductTerms,
) -> Result<Applied> {
    let scope = tx.scope::<Product, Create>()?;
    match refused(products::insert(tx, &scope, terms).await)? {
        Ok(product) => {
            let made = row.kept(Fate::Create, Some(product.uuid()));
            Ok(Applied { target_version: Some(product.version), ..made })
        }
        // Nothing was written yet.
        Err(refusal) => {
            row.notes.extend(notes_of(&refusal, about.language));
            Ok(row.kept(Fate::Error, None))
        }
    }
}

async fn fill(
    tx: &mut Tx<'_>,
    row: &Read<'_, ProductTerms>,
    product: &Product,
    terms: &ProductTerms,
) -> Result<Applied> {
    let members = lacking(terms, &product.terms)?;
    if members.is_empty() {
        return Ok(row.kept(Fate::Unchanged, Some(product.uuid())));
    }
    let scope = tx.scope::<Product, Update>()?;
    let filled = names(&members);
    let patch: Patch<ProductTerms> = parse_document(&json!(members), |_| Vec::new())?;
    let product = change::update(tx, &scope, product.id, &IfMatch::Any, &patch).await?;
    Ok(Applied { target_version: Some(product.version), filled, ..row.kept(Fate::Update, Some(product.uuid())) })
}
