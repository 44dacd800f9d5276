//! The members of a struct, read from its own schema, so that the code and the API document cannot differ. The
//! beginning of a member's doc comment says what kind of data it is.

use std::{
    any::TypeId,
    collections::HashMap,
    sync::{PoisonError, RwLock},
};

use serde_json::Value;
use utoipa::{
    ToSchema,
    openapi::{Object, Ref, RefOr, Schema},
};

/// Marks the description of a member that only some callers may see.
pub const CONFIDENTIAL: &str = "Confidential: ";

/// Begins the description of a text that is or may be about a person. The audit log stores it so that it can be erased.
pub const PERSONAL: &str = "Personal: ";

/// Begins the description of a text that is not about a person.
pub const BUSINESS: &str = "Business: ";

/// What the schema of a struct says about one member.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is said by itself")]
pub struct Member {
    /// Its name in JSON.
    pub name: &'static str,
    /// Whether JSON without it is refused.
    pub is_required: bool,
    /// Whether it can be cleared with `null`.
    pub is_nullable: bool,
    /// Whether only some callers may see it.
    pub is_confidential: bool,
    /// Whether it is or may be about a person.
    pub is_personal: bool,
}

/// The members of a struct, including those of the flattened structs in it.
#[derive(Debug, Default)]
pub struct Members {
    all: Vec<Member>,
    confidential: Vec<&'static str>,
    personal: Vec<&'static str>,
}

impl Members {
    /// The member called `name`.
    pub fn get(&self, name: &str) -> Option<&Member> {
        self.all.iter().find(|member| member.name == name)
    }

    /// All members.
    pub fn iter(&self) -> impl Iterator<Item = &Member> {
        self.all.iter()
    }

    /// The names of the members that only some callers may see.
    pub fn confidential(&'static self) -> &'static [&'static str] {
        &self.confidential
    }

    /// The names of the members that are or may be about a person.
    pub fn personal(&'static self) -> &'static [&'static str] {
        &self.personal
    }
}

/// The members of `T`, read once.
pub fn members_of<T: ToSchema + 'static>() -> &'static Members {
    static KNOWN: RwLock<Option<HashMap<TypeId, &'static Members>>> = RwLock::new(None);
    let kind = TypeId::of::<T>();
    let known =
        KNOWN.read().unwrap_or_else(PoisonError::into_inner).as_ref().and_then(|known| known.get(&kind).copied());
    known.unwrap_or_else(|| {
        // The leak is bounded: once for each type of row or body in the program.
        let members: &'static Members = Box::leak(Box::new(read::<T>()));
        KNOWN.write().unwrap_or_else(PoisonError::into_inner).get_or_insert_default().insert(kind, members);
        members
    })
}

fn read<T: ToSchema>() -> Members {
    let mut referenced = Vec::new();
    T::schemas(&mut referenced);
    let mut all = Vec::new();
    collect(&T::schema(), &referenced, &mut all);
    let named =
        |is_it: fn(&Member) -> bool| all.iter().filter(|member| is_it(member)).map(|member| member.name).collect();
    Members { confidential: named(|member| member.is_confidential), personal: named(|member| member.is_personal), all }
}

fn collect(schema: &RefOr<Schema>, referenced: &[(String, RefOr<Schema>)], all: &mut Vec<Member>) {
    match schema {
        RefOr::T(Schema::Object(object)) => {
            all.extend(object.properties.iter().map(|(name, property)| Member::of(name, property, object)));
        }
        RefOr::T(Schema::AllOf(parts)) => parts.items.iter().for_each(|part| collect(part, referenced, all)),
        RefOr::Ref(Ref { ref_location, .. }) => {
            let name = ref_location.rsplit('/').next().unwrap_or_default();
            if let Some((_, schema)) = referenced.iter().find(|(known, _)| known == name) {
                collect(schema, referenced, all);
            }
        }
        RefOr::T(_) => {}
    }
}

impl Member {
    fn of(name: &str, schema: &RefOr<Schema>, object: &Object) -> Self {
        let property = serde_json::to_value(schema).unwrap_or_default();
        let description = description(&property);
        Self {
            name: name.to_owned().leak(),
            is_required: object.required.iter().any(|required| required == name),
            is_nullable: is_nullable(&property),
            is_confidential: description.contains(CONFIDENTIAL),
            is_personal: description.starts_with(PERSONAL),
        }
    }
}

/// The description of a member. For a nullable member, utoipa puts it at the alternative that is not `null`.
pub fn description(property: &Value) -> &str {
    let alternatives = property.get("oneOf").and_then(Value::as_array).into_iter().flatten();
    let mut said = std::iter::once(property).chain(alternatives).filter_map(|schema| schema.get("description"));
    said.find_map(Value::as_str).unwrap_or_default()
}

/// Whether the member can be `null`.
pub fn is_nullable(property: &Value) -> bool {
    let null = Value::from("null");
    let kinds = property.get("type").and_then(Value::as_array).into_iter().flatten();
    let alternatives = property.get("oneOf").and_then(Value::as_array).into_iter().flatten();
    kinds.chain(alternatives.filter_map(|schema| schema.get("type"))).any(|kind| *kind == null)
}

#[cfg(test)]
mod tests {
    use serde::Serialize;
    use utoipa::ToSchema;

    use super::members_of;
    use crate::values::{Amount, Line};

    #[derive(Serialize, ToSchema)]
    struct Row {
        version: i64,
        #[serde(flatten)]
        terms: Terms,
    }

    #[derive(Serialize, ToSchema)]
    struct Terms {
        /// Personal: Its name.
        name: Line,
        /// Business: What one is.
        unit: Option<Line>,
        /// Confidential: what one costs.
        price: Option<Amount>,
        /// Personal: Confidential: what is said of it.
        note: Option<Line>,
        #[schema(default = true)]
        #[serde(default)]
        is_active: bool,
    }

    #[test]
    fn members_are_as_the_schema_says() {
        let row = members_of::<Row>();
        let names: Vec<&str> = row.iter().map(|member| member.name).collect();
        assert_eq!(names, ["is_active", "name", "note", "price", "unit", "version"]);
        assert_eq!(row.confidential(), ["note", "price"]);
        assert_eq!(row.personal(), ["name", "note"]);
        let of = |is_it: fn(&super::Member) -> bool| -> Vec<&str> {
            members_of::<Terms>().iter().filter(|member| is_it(member)).map(|member| member.name).collect()
        };
        assert_eq!(of(|member| member.is_nullable), ["note", "price", "unit"]);
        assert_eq!(of(|member| member.is_required), ["name"]);
    }
}
