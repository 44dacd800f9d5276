//! A schema for each type of problem, with its own members.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use strum::IntoEnumIterator;

use super::complete::Object;
use crate::{
    error::ProblemType,
    values::{Invalid, Language},
};

/// The name of the schema of a type of problem, such as `NotFoundProblem`.
pub fn schema_name(problem: ProblemType) -> String {
    format!("{problem:?}Problem")
}

/// The schema of every type of problem, by its name, made from what all of them have in common.
pub fn schemas(common: &Value) -> Object {
    let codes: Vec<&str> = Invalid::codes().collect();
    let code = json!({"type": "string", "description": "The stable code of an error in one value.", "enum": codes});
    let mut schemas: Object =
        ProblemType::iter().map(|problem| (schema_name(problem), schema(problem, common))).collect();
    schemas.insert("FieldErrorCode".to_owned(), code);
    let statuses: BTreeSet<u16> = ProblemType::iter().map(|problem| problem.status().as_u16()).collect();
    let several = statuses.into_iter().filter_map(|status| Some((name_of_status(status), of_several(status)?)));
    schemas.extend(several);
    schemas
}

/// The schema of the problems of a status: that of its only type, or of the several that it has.
pub fn of_status(status: u16) -> Value {
    let name = match types_of(status).as_slice() {
        [only] => schema_name(*only),
        _ => name_of_status(status),
    };
    json!({"$ref": format!("#/components/schemas/{name}")})
}

fn types_of(status: u16) -> Vec<ProblemType> {
    ProblemType::iter().filter(|problem| problem.status().as_u16() == status).collect()
}

fn name_of_status(status: u16) -> String {
    format!("Problem{status}")
}

/// One of the several types of a status, which `code` tells apart. `None` when there is only one.
fn of_several(status: u16) -> Option<Value> {
    let types = types_of(status);
    if types.len() < 2 {
        return None;
    }
    let address = |problem: ProblemType| format!("#/components/schemas/{}", schema_name(problem));
    let alternatives: Vec<Value> = types.iter().map(|problem| json!({"$ref": address(*problem)})).collect();
    let mapping: Object = types.iter().map(|problem| (problem.code(), json!(address(*problem)))).collect();
    let about = format!("A problem with the status {status}.");
    Some(
        json!({"description": about, "oneOf": alternatives, "discriminator": {"propertyName": "code", "mapping": mapping}}),
    )
}

fn schema(problem: ProblemType, common: &Value) -> Value {
    let mut schema = common.clone();
    let Some(whole) = schema.as_object_mut() else { return schema };
    whole.insert("description".to_owned(), json!(problem.about().text(Language::En)));
    let has_errors = has_errors(problem);
    if let Some(Value::Object(properties)) = whole.get_mut("properties") {
        for (name, value) in [
            ("code", json!(problem.code())),
            ("type", json!(problem.uri())),
            ("status", json!(problem.status().as_u16())),
        ] {
            if let Some(Value::Object(property)) = properties.get_mut(name) {
                property.retain(|word, _| matches!(word.as_str(), "description" | "type" | "format"));
                property.insert("enum".to_owned(), json!([value]));
            }
        }
        if !has_errors {
            properties.remove("errors");
        }
        properties.extend(members(problem).into_iter().map(|(name, member)| (name.to_owned(), member)));
    }
    schema
}

/// Whether the problem names wrong fields, parameters or headers.
fn has_errors(problem: ProblemType) -> bool {
    use ProblemType::{
        AlreadyExists, InvalidCursor, InvalidHeader, InvalidParameter, MalformedBody, UnknownField, ValidationFailed,
    };
    matches!(
        problem,
        AlreadyExists
            | InvalidCursor
            | InvalidHeader
            | InvalidParameter
            | MalformedBody
            | UnknownField
            | ValidationFailed
    )
}

/// The clients that a new one may be.
fn duplicates() -> Value {
    let words = ["tax_id", "phone", "email", "name", "domain"];
    json!({
        "type": "array",
        "maxItems": 10,
        "description": "The clients that the new one may be.",
        "items": {
            "type": "object",
            "required": ["matched"],
            "properties": {
                "client_id": id("The client, where the caller may see it."),
                "name": text("Its name, where the caller may see it.", 200),
                "owner_name": text("Who works with it, where the caller may know that.", 200),
                "matched": {
                    "type": "array",
                    "maxItems": 5,
                    "description": "What both have in common.",
                    "items": {"type": "string", "enum": words},
                },
            },
        },
    })
}

/// The members that only this type has. None of them is always there.
fn members(problem: ProblemType) -> Vec<(&'static str, Value)> {
    use ProblemType::{
        AlreadyExists, AnswerWithheld, Conflict, ConsentWithdrawn, DuplicateClient, Erased, Forbidden,
        InsufficientUserAuthentication, InvalidClient, InvalidGrant, InvalidRequest, InvalidScope, InvalidState,
        LimitExceeded, Merged, NotReady, PreconditionFailed, SecondFactorRequired, Unauthorized, UnsupportedGrantType,
        ValidationFailed,
    };
    match problem {
        Forbidden => vec![("permission", named("The right that was missing.", "PermissionName")), ("rule", rule())],
        LimitExceeded => vec![
            ("limit", named("The first limit that was passed. Absent when the caller may not know it.", "LimitName")),
            ("limits", limits()),
        ],
        InvalidState => vec![
            ("state", text("The state of the resource.", 50)),
            ("allowed", words("The actions that this state allows.")),
            ("client_id", id("The client whose state it is, where it is not that of the resource itself.")),
            ("contact_id", id("The contact whose state it is, where it is not that of the resource itself.")),
        ],
        Merged => vec![("merged_into", id("The client that it was merged into."))],
        Erased => vec![("erased_at", moment("When it was erased."))],
        ConsentWithdrawn => vec![("contact_id", id("The person at the client.")), ("consent", consent())],
        Conflict => in_the_way(),
        PreconditionFailed => vec![("current_version", number("The version of the resource now.", 1))],
        DuplicateClient => vec![
            ("duplicates", duplicates()),
            (
                "may_be_allowed",
                json!({"type": "boolean", "description": "Whether `allow_duplicate` would let it pass."}),
            ),
        ],
        AlreadyExists => vec![("holder_id", id("Who has the value, where the caller may see that resource."))],
        AnswerWithheld => vec![("location", text("Where what was made can be read.", 200))],
        NotReady => vec![("reasons", words("Why the server is not ready."))],
        ValidationFailed => {
            vec![
                ("left", text("How much is left under the contract's ceiling, when an order is over it.", 40)),
                ("merged_into", id("The client that the one that is named was merged into.")),
            ]
        }
        InsufficientUserAuthentication => {
            vec![("error", oauth_error()), ("max_age", number("How old the proof may be, in seconds.", 0))]
        }
        InvalidClient | InvalidGrant | InvalidRequest | InvalidScope | SecondFactorRequired | Unauthorized
        | UnsupportedGrantType => vec![("error", oauth_error())],
        _ => Vec::new(),
    }
}

/// What stands in the way of a change.
fn in_the_way() -> Vec<(&'static str, Value)> {
    vec![
        ("orders", under_way("Orders that stand in the way and that the caller may see, the first ten.")),
        (
            "order_count",
            number("How many orders stand in the way; where they are named, those that the caller may see.", 0),
        ),
        ("amendment_id", id("The amendment that is under way.")),
        ("contracts", under_way("Contracts that stand in the way and that the caller may see, the first ten.")),
        ("contract_count", number("How many contracts stand in the way that the caller may see.", 0)),
        ("client_count", number("How many clients of the user would be left without an owner.", 0)),
        ("interaction_count", number("How many planned interactions of the user would be left undone.", 0)),
        ("cannot_go", cannot_go()),
        ("cannot_go_count", number("How many clients cannot be transferred.", 0)),
    ]
}

fn text(about: &str, longest: usize) -> Value {
    json!({"type": "string", "description": about, "maxLength": longest})
}

fn words(about: &str) -> Value {
    json!({"type": "array", "items": {"type": "string", "maxLength": 50}, "maxItems": 50, "description": about})
}

fn number(about: &str, least: i64) -> Value {
    json!({"type": "integer", "format": "int64", "minimum": least, "description": about})
}

fn id(about: &str) -> Value {
    json!({"type": "string", "format": "uuid", "description": about})
}

fn moment(about: &str) -> Value {
    json!({"type": "string", "format": "date-time", "description": about})
}

fn under_way(about: &str) -> Value {
    let properties = json!({"id": id("Identifier."), "number": text("The number.", 50)});
    let one = json!({"type": "object", "required": ["id", "number"], "properties": properties});
    json!({"type": "array", "items": one, "maxItems": 10, "description": about})
}

fn cannot_go() -> Value {
    let about = "Clients that cannot be transferred, each with what stands in the way, the first ten.";
    let one = json!({"$ref": "#/components/schemas/CannotGo"});
    json!({"type": "array", "items": one, "maxItems": 10, "description": about})
}

fn consent() -> Value {
    let about = "The consent that was withdrawn, where the caller may see it.";
    json!({"$ref": "#/components/schemas/Consent", "description": about})
}

fn named(about: &str, schema: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{schema}"), "description": about})
}

fn rule() -> Value {
    json!({"type": "string", "enum": ["separation_of_duties"], "description": "The rule that was broken."})
}

fn limits() -> Value {
    let limit = json!({"$ref": "#/components/schemas/LimitName"});
    let about = "All limits that were passed and that the caller may know.";
    json!({"type": "array", "items": limit, "maxItems": 10, "description": about})
}

fn oauth_error() -> Value {
    json!({"type": "string", "maxLength": 50, "description": "The error code of OAuth (RFC 6749, RFC 6750, RFC 7009, RFC 9470)."})
}
