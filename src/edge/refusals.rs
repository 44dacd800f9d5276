//! Records what callers were refused: every 403 for a signed-in caller, before it is answered, up to a budget for each
//! caller.

use actix_web::{
    Error as ActixError, HttpRequest,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::StatusCode,
    middleware::Next,
    web::Data,
};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::{
    audit::{Budget, suppressed},
    change::{
        Origin, Outcome,
        audit_event::{Content, Event},
        write_audit,
    },
    clock::Clock,
    db::Db,
    error::{Error, Result},
    http::{Operation, Operations, part},
    secrets::Secrets,
};

/// Records a refusal. When it cannot be recorded, this is logged, and the caller is answered all the same.
///
/// # Errors
/// The errors of `next`.
pub async fn record_refusals<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, ActixError> {
    let response = next.call(request).await?;
    if response.status() == StatusCode::FORBIDDEN
        && let Some(refusal) = response.response().error().and_then(|error| error.as_error::<Error>())
        // Boxed, because its state would otherwise be part of the future of every request.
        && let Err(error) = Box::pin(record(response.request(), refusal)).await
    {
        tracing::error!(%error, "a refusal could not be recorded");
    }
    Ok(response)
}

async fn record(request: &HttpRequest, refusal: &Error) -> Result<()> {
    let origin = Origin::of(request);
    let Some(user) = origin.actor_id else { return Ok(()) };
    let (clock, secrets): (Data<Clock>, Data<Secrets>) = (part(request)?, part(request)?);
    let refusals: Data<Budget> = part(request)?;
    let now = clock.now();
    let (record, owed) = refusals.admit_refusal(user, now);
    if !record && owed.is_none() {
        return Ok(());
    }
    let db = Db::of(request)?.connect().await?;
    let mut events: Vec<Event> = owed.map(|owed| suppressed(&secrets, owed, now)).transpose()?.into_iter().collect();
    if record {
        let operations: Data<Operations> = part(request)?;
        let operation = operations.find(request.method(), request.path());
        events.push(Event::new(secrets.audit_key(), content(request, operation, refusal), &origin, now)?);
    }
    write_audit(&db, &events).await
}

fn content<'a>(request: &'a HttpRequest, operation: &Operation, refusal: &Error) -> Content<'a> {
    let mut changes: Map<String, Value> =
        refusal.members().iter().map(|(name, value)| (name.clone(), json!({"to": value}))).collect();
    changes.insert("code".to_owned(), json!({"to": refusal.problem().code()}));
    changes.insert("operation".to_owned(), json!({"to": format!("{} {}", request.method(), operation.path)}));
    Content {
        action: "refused",
        resource: request.path().split('/').nth(2).unwrap_or_default(),
        resource_id: request.match_info().iter().find_map(|(_, value)| Uuid::try_parse(value).ok()),
        client_id: None,
        outcome: Outcome::Refused,
        changes,
        personal: &[],
    }
}
