//! What the rows of a part refer to: clients, products, and orders that there are already, each in one query.

use std::collections::HashMap;

use uuid::Uuid;

use super::Entry;
use crate::{
    access::Read as ReadRight,
    change::Tx,
    clients::{self, Client, ClientId},
    error::Result,
    external_ids::{self, ExternalId},
    imports::{model::Import, reader::Read},
    orders::{self, Order, OrderNumber},
    products::{self, Product, ProductId},
    values::{Invalid, Resource, Say, Text},
};

/// What rows refer to.
#[derive(Debug)]
pub struct Lookup {
    clients: Vec<Client>,
    client_ids: HashMap<String, Uuid>,
    products: Vec<Product>,
    product_ids: HashMap<String, Uuid>,
    orders: HashMap<String, Uuid>,
    numbers: HashMap<String, Uuid>,
    /// The orders that whoever imports may see.
    seen: Vec<Uuid>,
}

impl Lookup {
    /// Everything that `rows` refer to.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn load(tx: &mut Tx<'_>, import: &Import, rows: &[Read<'_, Entry>]) -> Result<Self> {
        let entries: Vec<&Entry> = rows.iter().filter_map(|row| row.entry.as_ref()).collect();
        let texts = |of: fn(&Entry) -> Option<&String>| -> Vec<String> {
            let mut texts: Vec<String> = entries.iter().filter_map(|entry| of(entry).cloned()).collect();
            texts.sort_unstable();
            texts.dedup();
            texts
        };
        let client_ids = held::<Client>(tx, import, texts(|entry| entry.client[0].as_ref())).await?;
        let product_ids = held::<Product>(tx, import, texts(|entry| entry.product[1].as_ref())).await?;
        let orders = held::<Order>(tx, import, texts(|entry| Some(&entry.order))).await?;
        let numbers = texts(|entry| Some(&entry.order)).iter().filter_map(|id| OrderNumber::parse(id).ok()).collect();
        let numbers = orders::numbered(tx, numbers).await?;
        let scope = tx.scope::<Client, ReadRight>()?;
        let ids: Vec<ClientId> = client_ids.values().map(|id| (*id).into()).collect();
        let (tax_ids, names) = (texts(|entry| entry.client[1].as_ref()), texts(|entry| entry.client[2].as_ref()));
        let clients = clients::named(tx, &scope, ids, tax_ids, names).await?;
        let skus = texts(|entry| entry.product[0].as_ref()).iter().filter_map(|sku| Text::parse(sku).ok()).collect();
        let ids: Vec<ProductId> = product_ids.values().map(|id| (*id).into()).collect();
        let products = products::find_all(tx, ids, skus).await?;
        let known = orders.values().chain(numbers.values()).map(|id| (*id).into()).collect();
        let seen = orders::within_reach(tx, &tx.scope::<Order, ReadRight>()?, known).await?;
        Ok(Self { clients, client_ids, products, product_ids, orders, numbers, seen })
    }

    /// The order that the rows of a group make, when there is one already: by its id in the other system, or by its number
    /// where the import names no other system. Without the id where whoever imports may not see it.
    pub fn existing(&self, import: &Import, group: &[Read<'_, Entry>]) -> Option<Option<Uuid>> {
        let entry = group.iter().find_map(|row| row.entry.as_ref())?;
        let known = if import.terms.external_source.is_some() { &self.orders } else { &self.numbers };
        let id = *known.get(&entry.order)?;
        Some(self.seen.contains(&id).then_some(id))
    }

    /// The client of a row.
    ///
    /// # Errors
    /// The field, and what is wrong with it.
    pub fn client(&self, entry: &Entry) -> Result<ClientId, (&'static str, Invalid)> {
        let [id, tax_id, name] = &entry.client;
        let found: Vec<&Client> = match (id, tax_id, name) {
            (Some(id), ..) => {
                let row = self.client_ids.get(id);
                self.clients.iter().filter(|client| Some(&client.id.uuid()) == row).collect()
            }
            (None, Some(tax_id), _) => {
                let is_it = |client: &&Client| client.terms.tax_id.as_ref().is_some_and(|own| own.as_str() == tax_id);
                self.clients.iter().filter(is_it).collect()
            }
            (None, None, Some(name)) => {
                self.clients.iter().filter(|client| client.terms.name.as_str() == name).collect()
            }
            (None, None, None) => return Err(("client.external_id", Invalid::Required)),
        };
        let field = match (id, tax_id) {
            (Some(_), _) => "client.external_id",
            (None, Some(_)) => "client.tax_id",
            (None, None) => "client.name",
        };
        match found.as_slice() {
            [client] => Ok(client.id),
            [] => Err((field, Invalid::UnknownReference)),
            _ => {
                let say = Say::new("Several have this name.", "Такое имя у нескольких.");
                Err((field, Invalid::Rule("ambiguous", say)))
            }
        }
    }

    /// The product of a row.
    ///
    /// # Errors
    /// The field, and what is wrong with it.
    pub fn product(&self, entry: &Entry) -> Result<ProductId, (&'static str, Invalid)> {
        let [sku, id] = &entry.product;
        let (field, found) = match (sku, id) {
            (Some(sku), _) => ("line.sku", self.products.iter().find(|product| product.terms.sku.as_str() == sku)),
            (None, Some(id)) => {
                let row = self.product_ids.get(id);
                ("line.external_id", self.products.iter().find(|product| Some(&product.id.uuid()) == row))
            }
            (None, None) => return Err(("line.sku", Invalid::Required)),
        };
        found.map(|product| product.id).ok_or((field, Invalid::UnknownReference))
    }
}

/// The rows that have these ids of the other system, by the id.
async fn held<R: Resource>(tx: &mut Tx<'_>, import: &Import, ids: Vec<String>) -> Result<HashMap<String, Uuid>> {
    let Some(source) = &import.terms.external_source else { return Ok(HashMap::new()) };
    let known = |id: &String| Some(ExternalId { source: source.clone(), id: Text::parse(id).ok()? });
    let known: Vec<ExternalId> = ids.iter().filter_map(known).collect();
    let held = external_ids::holders::<R>(tx, &known.iter().collect::<Vec<_>>()).await?;
    Ok(held.into_iter().map(|holder| (holder.external_id.as_str().to_owned(), holder.row_id)).collect())
}
