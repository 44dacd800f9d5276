//! JSON Merge Patch (RFC 7396): an absent member leaves, `null` clears, a value sets. Objects are merged, arrays replaced.

use std::{borrow::Cow, fmt, marker::PhantomData};

use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{RefOr, Schema},
};

use super::{body, strict::members};
use crate::{
    error::{Error, FieldError, Result},
    values::{Invalid, confidential::reveal, members_of},
};

/// What callers write of a resource: a part of its row, its body when it is created, and what a patch changes.
pub trait Terms: Serialize + DeserializeOwned + ToSchema + 'static {
    /// How the document tells of the patch.
    const PATCH: PatchText;

    /// What is wrong between members that are right by themselves.
    fn breaches(&self) -> Vec<FieldError> {
        Vec::new()
    }

    /// Refuses terms that no body was read into, such as those of the demonstration.
    ///
    /// # Errors
    /// 422 with every breach.
    fn check(&self) -> Result<()> {
        let breaches = self.breaches();
        if breaches.is_empty() { Ok(()) } else { Err(Error::fields(breaches)) }
    }
}

/// How the document tells of a patch.
#[derive(Clone, Copy, Debug)]
pub struct PatchText {
    /// The name of its schema, such as `ProductPatch`.
    pub name: &'static str,
    /// What it is.
    pub description: &'static str,
    /// A patch, in JSON.
    pub example: &'static str,
}

/// A merge patch of `T`. Its members are members of `T`; whether their values are right shows when it is applied.
pub struct Patch<T> {
    members: Map<String, Value>,
    of: PhantomData<fn() -> T>,
}

impl<T: Terms> Patch<T> {
    /// Whether it names this member.
    pub fn names(&self, member: &str) -> bool {
        self.members.contains_key(member)
    }

    /// Whether it names a member that only some may see.
    pub fn is_confidential(&self) -> bool {
        members_of::<T>().confidential().iter().any(|name| self.names(name))
    }

    /// `terms` with what the patch says.
    ///
    /// # Errors
    /// 422 naming each member with a value that it cannot have.
    pub fn apply(&self, terms: &T) -> Result<T> {
        let mut document = reveal(true, || serde_json::to_value(terms)).map_err(Error::internal)?;
        let is_fixed = |name: &str| members_of::<T>().get(name).is_none_or(|member| !member.is_nullable);
        let (cleared, members): (Vec<_>, Vec<_>) =
            self.members.iter().partition(|(name, value)| value.is_null() && is_fixed(name));
        if let Value::Object(target) = &mut document {
            merge(target, members);
        }
        let applied = body::parse_document(&document, T::breaches);
        if cleared.is_empty() {
            return applied;
        }
        let cleared = cleared.into_iter().map(|(name, _)| FieldError::new(format!("/{name}"), Invalid::NotNullable));
        let others = applied.err().map(Error::into_fields).unwrap_or_default();
        Err(Error::fields(cleared.chain(others).collect()))
    }
}

/// Merges `members` into `target`. What is cleared is `null`, as it is where a row has nothing.
fn merge<'m>(target: &mut Map<String, Value>, members: impl IntoIterator<Item = (&'m String, &'m Value)>) {
    for (name, value) in members {
        match (target.get_mut(name), value) {
            (Some(Value::Object(target)), Value::Object(members)) => merge(target, members),
            _ => {
                target.insert(name.clone(), value.clone());
            }
        }
    }
}

impl<T> fmt::Debug for Patch<T> {
    /// Without the values, which may be confidential.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.members.keys()).finish()
    }
}

impl<'de, T: Terms> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let members = members(deserializer, |name| members_of::<T>().get(name).is_some())?;
        Ok(Self { members, of: PhantomData })
    }
}

impl<T: Terms> PartialSchema for Patch<T> {
    /// That of `T`, in which nothing is required and nothing is filled in.
    fn schema() -> RefOr<Schema> {
        let mut schema = T::schema();
        if let RefOr::T(Schema::Object(object)) = &mut schema {
            object.required.clear();
            object.description = Some(T::PATCH.description.to_owned());
            object.example = serde_json::from_str(T::PATCH.example).ok();
            for property in object.properties.values_mut() {
                match property {
                    RefOr::T(Schema::Object(property)) => property.default = None,
                    RefOr::T(Schema::Array(property)) => {
                        property.default = None;
                        let description = property.description.take().unwrap_or_default();
                        let description = description.trim_end_matches('.');
                        property.description = Some(format!("{description}; they replace those before."));
                    }
                    _ => {}
                }
            }
        }
        schema
    }
}

impl<T: Terms> ToSchema for Patch<T> {
    fn name() -> Cow<'static, str> {
        T::PATCH.name.into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        T::schemas(schemas);
    }
}
