//! The OpenAPI document: what is common to all operations is added here, once.

mod complete;
mod confidential;
mod tidy;

use serde_json::Value;
use utoipa::OpenApi;
use utoipa_actix_web::AppExt;

use crate::{
    app,
    error::{Problem, ProblemField},
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Liaison",
        description = "A headless CRM: a client manager's whole job as a JSON API.\n\n\
            **Sign in** at `POST /v1/auth/token` (or with *Authorize* above) and send the access token as a bearer token. \
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
        (name = "auth", description = "Sign-in, tokens and the caller's own account."),
        (name = "users", description = "The people who work here, and their roles."),
        (name = "service accounts", description = "Integrations, what they may do, and their API keys."),
        (name = "teams", description = "Teams of users."),
        (name = "roles", description = "What each role may do."),
        (name = "clients", description = "Organisations and persons that the company works with."),
        (name = "contacts", description = "Persons at clients."),
        (name = "products", description = "What the company sells."),
        (name = "departments", description = "The departments that orders are handed to, and the management."),
        (name = "interactions", description = "What passes between the company and its clients, done and planned."),
        (name = "contracts", description = "Contracts with clients, from the draft to their end, and the ceiling of their orders."),
        (name = "orders", description = "What clients order, from the draft to fulfilment, and the departments' queues."),
        (name = "audit", description = "Who changed what, when and why."),
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
    /// Each path template, split at its slashes, with its methods.
    methods: Vec<(Vec<String>, Vec<String>)>,
    /// Each path template with its operations, each a method and an `operationId`.
    operations: Vec<(String, Vec<(String, String)>)>,
}

impl Document {
    /// Builds the document from the routes.
    ///
    /// # Errors
    /// None that routes of ours can cause.
    pub fn build() -> serde_json::Result<Self> {
        let (_, routes) =
            actix_web::App::new().into_utoipa_app().openapi(Api::openapi()).configure(app::routes).split_for_parts();
        let mut document = serde_json::to_value(routes)?;
        complete::complete(&mut document);
        let json = serde_json::to_string_pretty(&document)? + "\n";
        Ok(Self { json, methods: methods(&document), operations: operations(&document) })
    }

    /// Each path template with its operations, each a method and an `operationId`.
    pub fn operations(&self) -> &[(String, Vec<(String, String)>)] {
        &self.operations
    }

    /// The methods of the operations at `path`; a path without parameters goes before one with, as OpenAPI says.
    pub fn methods_at(&self, path: &str) -> Vec<&str> {
        let asked = segments(path);
        let fits = |template: &[String]| {
            let mut parts = template.iter().zip(&asked);
            template.len() == asked.len()
                && parts.all(|(part, asked)| part == asked || (part.starts_with('{') && !asked.is_empty()))
        };
        let fitting = self.methods.iter().filter(|(template, _)| fits(template));
        let best = fitting.min_by_key(|(template, _)| template.iter().filter(|part| part.starts_with('{')).count());
        best.into_iter().flat_map(|(_, methods)| methods.iter().map(String::as_str)).collect()
    }
}

fn methods(document: &Value) -> Vec<(Vec<String>, Vec<String>)> {
    let paths = document.get("paths").and_then(Value::as_object);
    let operations = |item: &Value| -> Vec<String> {
        item.as_object().into_iter().flatten().map(|(method, _)| method.to_uppercase()).collect()
    };
    paths.into_iter().flatten().map(|(path, item)| (segments(path), operations(item))).collect()
}

fn operations(document: &Value) -> Vec<(String, Vec<(String, String)>)> {
    let named = |(method, operation): (&String, &Value)| {
        let id = operation.get("operationId").and_then(Value::as_str).unwrap_or_default();
        (method.to_uppercase(), id.to_owned())
    };
    let paths = document.get("paths").and_then(Value::as_object).into_iter().flatten();
    paths.map(|(path, item)| (path.clone(), item.as_object().into_iter().flatten().map(named).collect())).collect()
}

fn segments(path: &str) -> Vec<String> {
    path.split('/').map(str::to_owned).collect()
}
