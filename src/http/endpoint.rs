//! An operation of the API: how it is served, and what the document tells of it. Both follow from the types of its handler.

use actix_web::{FromRequest, Handler, Responder, Route, http::Method};
use utoipa::openapi::{
    HttpMethod, RefOr, Response, Schema,
    path::{Operation, OperationBuilder},
};

use super::{Answers, Description, Takes, description::one_of};
use crate::values::Resource;

/// How the document tells of a step.
#[derive(Clone, Copy, Debug)]
pub struct StepText {
    /// The `operationId`.
    pub id: &'static str,
    /// What it does, in a few words.
    pub summary: &'static str,
    /// What it does, in whole sentences.
    pub description: &'static str,
}

/// An operation. [`endpoint!`] makes it of a handler that has `#[utoipa::path]`.
pub struct Endpoint {
    path: String,
    method: HttpMethod,
    describe: Box<dyn Fn() -> Described>,
    route: Route,
}

/// What the document tells of an operation, and the schemas that it names.
type Described = (Operation, Vec<(String, RefOr<Schema>)>);

impl Endpoint {
    /// The operation with the address and the texts of `P`, which `handler` answers.
    pub fn new<P: utoipa::Path + 'static, H, Args>(_texts: &P, handler: H) -> Self
    where
        H: Handler<Args>,
        Args: FromRequest + Takes + 'static,
        H::Output: Responder + Answers + 'static,
    {
        let method = P::methods().into_iter().next().unwrap_or(HttpMethod::Get);
        Self::of(P::path(), method, P::operation, handler)
    }

    /// The operation that takes the step `verb` with a resource.
    pub fn step<R: Resource, H, Args>(verb: &str, text: StepText, handler: H) -> Self
    where
        H: Handler<Args>,
        Args: FromRequest + Takes + 'static,
        H::Output: Responder + Answers + 'static,
    {
        let path = format!("/v1/{}/{{id}}/{verb}", R::NAME.replace('_', "-"));
        Self::of(path, HttpMethod::Post, move || text.operation::<R>(), handler)
    }

    /// The operation that creates or changes the resource that another system knows by an id of its own.
    /// `what` it is for readers; `has_owner` where a creation names its owner.
    pub fn external<R: Resource, H, Args>(id: &'static str, what: &'static str, has_owner: bool, handler: H) -> Self
    where
        H: Handler<Args>,
        Args: FromRequest + Takes + 'static,
        H::Output: Responder + Answers + 'static,
    {
        let path = format!("/v1/{}/external/{{source}}/{{id}}", R::NAME.replace('_', "-"));
        let texts = move || {
            OperationBuilder::new()
                .operation_id(Some(id))
                .summary(Some(format!("Create or change {what} of another system")))
                .description(Some(about_external(R::NAME, what, has_owner)))
                .response("201", Response::new(format!("The new {}.", one_of::<R>())))
                .response("200", Response::new(format!("The changed {}.", one_of::<R>())))
                .build()
        };
        Self::of(path, HttpMethod::Put, texts, handler)
    }

    fn of<H, Args>(path: String, method: HttpMethod, texts: impl Fn() -> Operation + 'static, handler: H) -> Self
    where
        H: Handler<Args>,
        Args: FromRequest + Takes + 'static,
        H::Output: Responder + Answers + 'static,
    {
        let described = method.clone();
        let describe = Box::new(move || {
            let mut description = Description::new(described.clone(), texts());
            Args::describe(&mut description);
            H::Output::describe(&mut description);
            description.finish()
        });
        Self { path, method, describe, route: Route::new().to(handler) }
    }

    /// Its address, with names in place of values.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Its method, as the document knows it.
    pub fn documented_method(&self) -> HttpMethod {
        self.method.clone()
    }

    /// Its method.
    pub fn method(&self) -> Method {
        match self.method {
            HttpMethod::Post => Method::POST,
            HttpMethod::Put => Method::PUT,
            HttpMethod::Patch => Method::PATCH,
            HttpMethod::Delete => Method::DELETE,
            _ => Method::GET,
        }
    }

    /// What the document tells of it, and the schemas that it names.
    pub fn description(&self) -> Described {
        (self.describe)()
    }

    /// What serves it.
    pub fn into_route(self) -> Route {
        self.route
    }
}

/// What the operation does that writes what another system knows.
fn about_external(resource: &str, what: &str, has_owner: bool) -> String {
    let owner = if has_owner { " `owner_id` is left alone: it may have another owner by now." } else { "" };
    format!(
        "Use it to bring over what another system has, as often as it changes there.\n\nWhere nothing has this id yet, it \
         creates {what}, and answers 201. Otherwise it changes the members that are given, as `PATCH` does, and answers 200; \
         that needs `{resource}:update`. What only a creation takes must be as it is.{owner} The id of the address is always \
         among `external_ids`. An id that belongs to something out of reach is refused as taken."
    )
}

impl StepText {
    fn operation<R: Resource>(self) -> Operation {
        OperationBuilder::new()
            .operation_id(Some(self.id))
            .summary(Some(self.summary))
            .description(Some(self.description))
            .response("200", Response::new(format!("The changed {}.", one_of::<R>())))
            .build()
    }
}

/// The [`Endpoint`] of a handler. `#[utoipa::path]` keeps the texts in a type of its own, whose name is that of the handler
/// after `__path_`.
macro_rules! endpoint {
    ($handler:ident) => {
        pastey::paste! { $crate::http::Endpoint::new(&[<__path_ $handler>], $handler) }
    };
}
pub(crate) use endpoint;
