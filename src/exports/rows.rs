//! The rows of an export: those of the list with the same filter that the caller may read and export.

use diesel_async::AsyncPgConnection;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::model::ExportResource;
use crate::{
    access::{Actor, Belongs, Caller, Read, UserId},
    clients::{self, Client, ClientFilter},
    contacts::{self, Contact, ContactFilter},
    error::{Error, FieldError, Result},
    http::{Shown, parse_query},
    orders::{self, Order, OrderFilter},
    products::{self, Product, ProductFilter},
    values::{Invalid, from_region},
};

/// How many rows are read at a time.
const CHUNK: i64 = 500;
/// The right that says how far exports reach.
const PERMISSION: &str = "exports:create";
/// The parameters of a list that say nothing about which rows there are.
const NOT_FILTERS: [&str; 6] = ["cursor", "fields", "include", "limit", "sort", "total"];

/// Which rows.
pub enum Filter {
    Clients(Box<ClientFilter>),
    Contacts(Box<ContactFilter>),
    Products(Box<ProductFilter>),
    Orders(Box<OrderFilter>),
}

/// Some rows in JSON, and where the next ones begin.
pub struct Chunk {
    pub rows: Vec<Map<String, Value>>,
    pub next: Option<Uuid>,
}

impl Filter {
    /// The filter of a list that `given` says, as `caller` writes it.
    ///
    /// # Errors
    /// 422, or 400 for a parameter that the list does not have.
    pub fn read(resource: ExportResource, given: &Map<String, Value>, caller: &Caller) -> Result<Self> {
        let pairs = pairs(given, caller.user_id)?;
        from_region(caller.organization.phone_region, || match resource {
            ExportResource::Clients => parse(&pairs).map(Self::Clients),
            ExportResource::Contacts => parse(&pairs).map(Self::Contacts),
            ExportResource::Products => parse(&pairs).map(Self::Products),
            ExportResource::Orders => parse(&pairs).map(Self::Orders),
        })
    }

    /// Refuses who may not read such rows at all.
    ///
    /// # Errors
    /// 403 naming the permission.
    pub fn permit(&self, actor: &Actor) -> Result<()> {
        match self {
            Self::Clients(_) => actor.scope::<Client, Read>().map(drop),
            Self::Contacts(_) => actor.scope::<Contact, Read>().map(drop),
            Self::Products(_) => actor.scope::<Product, Read>().map(drop),
            Self::Orders(_) => actor.scope::<Order, Read>().map(drop),
        }
    }

    /// The next rows after the one with the id `after`.
    ///
    /// # Errors
    /// 403 for who may no longer read them.
    pub async fn chunk(&self, db: &AsyncPgConnection, actor: &Actor, after: Uuid) -> Result<Chunk> {
        match self {
            Self::Clients(filter) => {
                shown(actor, clients::chunk(db, &actor.scope()?, filter, after.into(), CHUNK).await?)
            }
            Self::Contacts(filter) => {
                shown(actor, contacts::chunk(db, &actor.scope()?, filter, after.into(), CHUNK).await?)
            }
            Self::Products(filter) => {
                shown(actor, products::chunk(db, &actor.scope()?, filter, after.into(), CHUNK).await?)
            }
            Self::Orders(filter) => {
                shown(actor, orders::chunk(db, &actor.scope()?, filter, after.into(), CHUNK).await?)
            }
        }
    }
}

fn shown<R: Belongs + Serialize>(actor: &Actor, rows: Vec<R>) -> Result<Chunk> {
    let is_whole = i64::try_from(rows.len()).is_ok_and(|count| count == CHUNK);
    let next = rows.last().filter(|_| is_whole).map(R::uuid);
    let may_export = rows.into_iter().filter(|row| actor.reaches(PERMISSION, row));
    let written = may_export.map(|row| match serde_json::to_value(Shown::to(actor, row)) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => Err(Error::internal("a row that is no object")),
        Err(error) => Err(Error::internal(error)),
    });
    Ok(Chunk { rows: written.collect::<Result<_>>()?, next })
}

fn parse<F: DeserializeOwned>(pairs: &[(String, String)]) -> Result<Box<F>> {
    parse_query(pairs).map(Box::new).map_err(|error| {
        let within = |field: FieldError| {
            let (name, invalid) = field.into_parts();
            FieldError::new(format!("/filter/{name}"), invalid)
        };
        Error::fields(error.into_fields().into_iter().map(within).collect())
    })
}

/// The parameters as a query has them. `me` stands for the caller.
fn pairs(given: &Map<String, Value>, me: UserId) -> Result<Vec<(String, String)>> {
    let (mut pairs, mut wrong) = (Vec::new(), Vec::new());
    for (name, value) in given {
        let values = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
        for value in values {
            let text = match value {
                _ if NOT_FILTERS.contains(&name.as_str()) => Err(Invalid::UnknownField),
                Value::String(text) if text == "me" && name == "owner_id" => Ok(me.to_string()),
                Value::String(text) => Ok(text.clone()),
                Value::Bool(is) => Ok(is.to_string()),
                Value::Number(number) => Ok(number.to_string()),
                Value::Null | Value::Array(_) | Value::Object(_) => Err(Invalid::Type),
            };
            match text {
                Ok(text) => pairs.push((name.clone(), text)),
                Err(invalid) => wrong.push(FieldError::new(format!("/filter/{name}"), invalid)),
            }
        }
    }
    if wrong.is_empty() { Ok(pairs) } else { Err(Error::fields(wrong)) }
}
