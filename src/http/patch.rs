//! JSON Merge Patch (RFC 7396): an absent member changes nothing, `null` clears, a value sets. Objects are merged,
//! arrays replaced.

use std::{borrow::Cow, fmt, marker::PhantomData};

use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{RefOr, Schema},
};

use super::{body, put::FromMembers, strict::members};
use crate::{
    error::{Error, FieldError, Result},
    values::{Invalid, PhoneRegion, confidential::reveal, from_region, members_of, region},
};

/// The part of a resource that callers write. It is part of the row and of the body that creates the resource, and a
/// patch changes it.
pub trait Terms: Serialize + DeserializeOwned + ToSchema + 'static {
    /// How the document describes the patch.
    const PATCH: PatchText;

    /// The broken rules between members, when each member is valid by itself.
    fn breaches(&self) -> Vec<FieldError> {
        Vec::new()
    }

    /// Checks terms that were not read from a body, such as those of the demonstration.
    ///
    /// # Errors
    /// 422 with every breach.
    fn check(&self) -> Result<()> {
        let breaches = self.breaches();
        if breaches.is_empty() { Ok(()) } else { Err(Error::fields(breaches)) }
    }
}

/// How the document describes a patch.
#[derive(Clone, Copy, Debug)]
pub struct PatchText {
    /// The name of its schema, such as `ProductPatch`.
    pub name: &'static str,
    /// What it is.
    pub description: &'static str,
    /// An example of a patch, in JSON.
    pub example: &'static str,
}

/// A merge patch of `T`. Its members are members of `T`; their values are checked when it is applied.
pub struct Patch<T> {
    members: Map<String, Value>,
    /// The region of the caller's telephone numbers, which are read when the patch is applied.
    region: Option<PhoneRegion>,
    of: PhantomData<fn() -> T>,
}

impl<T: Terms> Patch<T> {
    /// Whether it names this member.
    pub fn names(&self, member: &str) -> bool {
        self.members.contains_key(member)
    }

    /// Whether it names a member that only some callers may see.
    pub fn is_confidential(&self) -> bool {
        members_of::<T>().confidential().iter().any(|name| self.names(name))
    }

    /// `terms` with the patch applied.
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
        let applied = from_region(self.region, || body::parse_document(&document, T::breaches));
        if cleared.is_empty() {
            return applied;
        }
        let cleared = cleared.into_iter().map(|(name, _)| FieldError::new(format!("/{name}"), Invalid::NotNullable));
        let others = applied.err().map(Error::into_fields).unwrap_or_default();
        Err(Error::fields(cleared.chain(others).collect()))
    }
}

/// Merges `members` into `target`. A cleared member becomes `null`, as in a row that has no value.
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
    /// Leaves out the values, which may be confidential.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.members.keys()).finish()
    }
}

impl<'de, T: Terms> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let members = members(deserializer, |name| members_of::<T>().get(name).is_some())?;
        Ok(Self { members, region: region(), of: PhantomData })
    }
}

impl<T: Terms> FromMembers for Patch<T> {
    fn from_members(members: Map<String, Value>) -> Result<Self> {
        body::parse_document(&Value::Object(members), |_| Vec::new())
    }

    fn has_member(name: &str) -> bool {
        members_of::<T>().get(name).is_some()
    }
}

impl<T: Terms> FromMembers for T {
    fn from_members(members: Map<String, Value>) -> Result<Self> {
        body::parse_document(&Value::Object(members), T::breaches)
    }

    fn has_member(name: &str) -> bool {
        members_of::<T>().get(name).is_some()
    }
}

impl<T: Terms> PartialSchema for Patch<T> {
    /// The schema of `T`, without required members and without defaults.
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Map, Value};

    use super::merge;

    /// The algorithm of RFC 7396, section 2.
    fn rfc(target: Value, patch: Value) -> Value {
        let Value::Object(patch) = patch else { return patch };
        let mut target = if let Value::Object(target) = target { target } else { Map::new() };
        for (name, value) in patch {
            if value.is_null() {
                target.remove(&name);
            } else {
                let before = target.remove(&name).unwrap_or_default();
                target.insert(name, rfc(before, value));
            }
        }
        Value::Object(target)
    }

    /// `value` without the members that are `null`, which mean the same as absent ones.
    fn without_nulls(value: Value) -> Value {
        let Value::Object(members) = value else { return value };
        let there = members.into_iter().filter(|(_, value)| !value.is_null());
        Value::Object(there.map(|(name, value)| (name, without_nulls(value))).collect())
    }

    fn members(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Map<String, Value>> {
        proptest::collection::btree_map("[a-d]", value, 0..4).prop_map(|members| members.into_iter().collect())
    }

    fn object() -> impl Strategy<Value = Map<String, Value>> {
        let scalar = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            "[a-z]{0,3}".prop_map(Value::from),
            proptest::collection::vec(0..9, 0..3).prop_map(Value::from),
        ];
        members(scalar.prop_recursive(3, 24, 4, |value| members(value).prop_map(Value::Object)))
    }

    proptest! {
        #[test]
        fn agrees_with_the_rfc(target in object(), patch in object()) {
            let expected = rfc(without_nulls(Value::Object(target.clone())), Value::Object(patch.clone()));
            let mut merged = target;
            merge(&mut merged, &patch);
            prop_assert_eq!(without_nulls(Value::Object(merged)), expected);
        }
    }
}
