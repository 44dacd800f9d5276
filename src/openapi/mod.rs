//! The OpenAPI document: what is common to all operations is added here, once.

mod classes;
mod complete;
mod enums;
mod example_ids;
mod problems;
mod scopes;
mod sparse;
mod tidy;

use serde_json::Value;
use utoipa::OpenApi;

use crate::{
    error::{Problem, ProblemField},
    http::{MAX_BODY, Operation, Unchanging},
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Liaison",
        description = "A headless CRM: a client manager's whole job as a JSON API.\n\n\
            **Sign in** at `POST /v1/auth/token` (or with *Authorize* below) and send the access token as a bearer token. \
            A program sends an API key of its service account instead, or exchanges it for an access token. Operations with \
            `x-recent-authentication` ask for the password again at `POST /v1/auth/confirm` when that was long ago.\n\n\
            **Reach.** Every right has a reach: `own`, `team` or `all`. What you cannot reach does not exist for you (404); \
            what you see but may not do is 403 with the permission that was missing.\n\n\
            **Lists** are paged by an opaque `cursor`. **Changes** need `If-Match` with the `ETag` that you read, and every \
            `POST` takes an `Idempotency-Key`, kept for 24 hours. **Failures** are problem documents (RFC 9457) in English or Russian.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    servers((url = "/", description = "This server")),
    tags(
        (name = "clients", description = "Organisations and persons that the company works with."),
        (name = "saved views", description = "Conditions on clients that somebody keeps under a name."),
        (name = "access requests", description = "Requests for access to clients that somebody else has."),
        (name = "contacts", description = "Persons at clients."),
        (name = "interactions", description = "What passes between the company and its clients, done and planned."),
        (name = "contracts", description = "Contracts with clients, from the draft to their end, and the ceiling of their orders."),
        (name = "orders", description = "What clients order, from the draft to fulfilment, and the departments' queues."),
        (name = "products", description = "What the company sells."),
        (name = "departments", description = "The departments that orders are handed to, and the management."),
        (name = "personal data", description = "What is held on a person, and its erasure."),
        (name = "search", description = "One search through everything."),
        (name = "custom fields", description = "Fields that the organisation adds to clients, contacts, interactions, products, contracts and orders."),
        (name = "competitors", description = "Who else sells, what they offer, and how it compares."),
        (name = "exchange rates", description = "What other currencies are worth, for limits and ceilings."),
        (name = "lost reasons", description = "Why clients are lost: the list to choose from."),
        (name = "exports", description = "Files of what the caller sees: CSV, Excel and JSON lines."),
        (name = "imports", description = "Files that are sent in, and what becomes of each of their rows."),
        (name = "jobs", description = "What is done in the background, how far it is, and what became of it."),
        (name = "organization", description = "The organisation that works with this server."),
        (name = "teams", description = "Teams of users."),
        (name = "users", description = "The people who work here, and their roles."),
        (name = "deputies", description = "Who stands in for whom."),
        (name = "roles", description = "What each role may do."),
        (name = "service accounts", description = "Integrations, what they may do, and their API keys."),
        (name = "audit", description = "Who changed what, when and why."),
        (name = "auth", description = "Sign-in, tokens and the caller's own account."),
        (name = "service", description = "The service itself."),
    ),
    components(schemas(Problem, ProblemField)),
)]
struct Api;

/// The document, and what the server looks up in it.
#[derive(Clone, Debug)]
pub struct Document {
    /// The document as it is served and committed.
    pub json: String,
    answer: Unchanging,
    operations: Vec<Operation>,
}

impl Document {
    /// Completes what utoipa made from the routes.
    ///
    /// # Errors
    /// Only if the routes are described wrongly.
    pub fn of(routes: &utoipa::openapi::OpenApi) -> serde_json::Result<Self> {
        let mut document = serde_json::to_value(routes)?;
        complete::complete(&mut document);
        let json = serde_json::to_string_pretty(&document)? + "\n";
        let answer = Unchanging::new("application/json", json.clone());
        Ok(Self { json, answer, operations: operations(&document) })
    }

    /// The document as callers get it.
    pub fn answer(&self) -> Unchanging {
        self.answer.clone()
    }

    /// Each operation.
    pub fn operations(&self) -> &[Operation] {
        &self.operations
    }
}

/// What the document says about the service as a whole, before any route is added.
pub fn about() -> utoipa::openapi::OpenApi {
    Api::openapi()
}

fn operations(document: &Value) -> Vec<Operation> {
    let paths = document.get("paths").and_then(Value::as_object).into_iter().flatten();
    paths
        .flat_map(|(path, item)| {
            let served = item.as_object().into_iter().flatten();
            served.filter_map(move |(method, about)| operation(path, method, about))
        })
        .collect()
}

fn operation(path: &str, method: &str, about: &Value) -> Option<Operation> {
    let text = |member: &str| about.get(member).and_then(Value::as_str).map(str::to_owned);
    let answers = about.get("responses").and_then(Value::as_object).into_iter().flatten();
    let answer = answers.filter(|(status, _)| status.starts_with('2')).find_map(|(_, answer)| schema_name(answer));
    Some(Operation {
        id: text("operationId")?,
        method: method.to_uppercase(),
        path: path.to_owned(),
        right: text("x-permission"),
        is_open: is_open(about),
        max_body: about.get(MAX_BODY).and_then(Value::as_u64).and_then(|bytes| usize::try_from(bytes).ok()),
        request: about.get("requestBody").and_then(schema_name),
        answer,
        has_page: about.pointer("/responses/200/content/text~1html").is_some(),
        number: 0,
    })
}

/// An operation is open when it asks for no sign-in.
fn is_open(about: &Value) -> bool {
    about.get("security").and_then(Value::as_array).is_some_and(Vec::is_empty)
}

/// The name of the schema of a body.
fn schema_name(message: &Value) -> Option<String> {
    let contents = message.get("content")?.as_object()?;
    let named = |content: &'_ Value| {
        let whole = content.pointer("/schema/$ref").or_else(|| content.pointer("/schema/anyOf/0/$ref"));
        whole.cloned()
    };
    let schema = contents.values().find_map(named)?;
    schema.as_str()?.rsplit('/').next().map(str::to_owned)
}
