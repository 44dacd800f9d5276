//! An operation of the API: how it is served, and what the document tells of it. Both follow from the types of its handler.

use actix_web::{
    FromRequest, Handler, Responder,
    dev::{AppService, HttpServiceFactory},
    guard,
    http::Method,
    web,
};
use utoipa::{
    ToSchema,
    openapi::{
        HttpMethod, PathItem, Ref, RefOr, Required, Response, Schema,
        path::{Operation, OperationBuilder, ParameterBuilder, ParameterIn, Paths},
    },
};
use utoipa_actix_web::OpenApiFactory;

use super::{Answers, Description, Takes};
use crate::values::{Id, Resource};

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
    operation: Operation,
    schemas: Vec<(String, RefOr<Schema>)>,
    resource: actix_web::Resource,
}

impl Endpoint {
    /// The operation with the address and the texts of `texts`, which `handler` answers.
    pub fn new<P: utoipa::Path + OpenApiFactory, H, Args>(texts: &P, handler: H) -> Self
    where
        H: Handler<Args>,
        Args: FromRequest + Takes + 'static,
        H::Output: Responder + Answers + 'static,
    {
        let method = P::methods().into_iter().next().unwrap_or(HttpMethod::Get);
        let mut schemas = Vec::new();
        texts.schemas(&mut schemas);
        Self::described(P::path(), method, operation_of(texts.paths()), schemas, handler)
    }

    /// The operation that takes the step `verb` with a resource.
    pub fn step<R: Resource, H, Args>(verb: &str, text: StepText, handler: H) -> Self
    where
        H: Handler<Args>,
        Args: FromRequest + Takes + 'static,
        H::Output: Responder + Answers + 'static,
    {
        // A resource has the name of many: `orders`. Its texts are about one: "The order."
        let one = R::NAME.strip_suffix('s').unwrap_or(R::NAME);
        let id = ParameterBuilder::new()
            .name("id")
            .parameter_in(ParameterIn::Path)
            .required(Required::True)
            .description(Some(format!("The {one}.")))
            .schema(Some(Ref::from_schema_name(Id::<R>::name())));
        let changed = Response::new(format!("The changed {one}."));
        let operation = OperationBuilder::new()
            .tag(R::NAME)
            .operation_id(Some(text.id))
            .summary(Some(text.summary))
            .description(Some(text.description))
            .parameter(id)
            .response("200", changed)
            .build();
        Self::described(format!("/v1/{}/{{id}}/{verb}", R::NAME), HttpMethod::Post, operation, Vec::new(), handler)
    }

    fn described<H, Args>(
        path: String,
        method: HttpMethod,
        operation: Operation,
        schemas: Vec<(String, RefOr<Schema>)>,
        handler: H,
    ) -> Self
    where
        H: Handler<Args>,
        Args: FromRequest + Takes + 'static,
        H::Output: Responder + Answers + 'static,
    {
        let mut description = Description::new(method.clone(), operation, schemas);
        Args::describe(&mut description);
        H::Output::describe(&mut description);
        let (operation, schemas) = description.finish();
        let resource = web::resource(path.clone()).guard(guard::Method(method_of(&method))).to(handler);
        Self { path, method, operation, schemas, resource }
    }
}

/// The one operation of `paths`.
fn operation_of(paths: Paths) -> Operation {
    let items = paths.paths.into_values();
    let operations = items.flat_map(|PathItem { get, put, post, delete, patch, .. }| [get, put, post, delete, patch]);
    operations.flatten().next().unwrap_or_default()
}

fn method_of(method: &HttpMethod) -> Method {
    match method {
        HttpMethod::Post => Method::POST,
        HttpMethod::Put => Method::PUT,
        HttpMethod::Patch => Method::PATCH,
        HttpMethod::Delete => Method::DELETE,
        _ => Method::GET,
    }
}

impl HttpServiceFactory for Endpoint {
    fn register(self, config: &mut AppService) {
        self.resource.register(config);
    }
}

impl OpenApiFactory for Endpoint {
    fn paths(&self) -> Paths {
        let item = PathItem::new(self.method.clone(), self.operation.clone());
        Paths::builder().path(&self.path, item).build()
    }

    fn schemas(&self, schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.extend(self.schemas.iter().cloned());
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
