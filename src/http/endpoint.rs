//! An operation of the API, as it is served and as the document tells of it: once, by the types of its handler.

use actix_web::{
    FromRequest, Handler, Resource, Responder,
    dev::{AppService, HttpServiceFactory},
    guard,
    http::Method,
    web,
};
use utoipa::openapi::{
    HttpMethod, PathItem, RefOr, Schema,
    path::{Operation, Paths},
};
use utoipa_actix_web::OpenApiFactory;

use super::{Answers, Description, Takes};

/// An operation. [`endpoint!`] makes it of a handler that has `#[utoipa::path]`.
pub struct Endpoint {
    path: String,
    method: HttpMethod,
    operation: Operation,
    schemas: Vec<(String, RefOr<Schema>)>,
    resource: Resource,
}

impl Endpoint {
    /// The operation with the address and the texts of `texts`, which `handler` answers.
    pub fn new<P: utoipa::Path + OpenApiFactory, H, Args>(texts: &P, handler: H) -> Self
    where
        H: Handler<Args>,
        Args: FromRequest + Takes + 'static,
        H::Output: Responder + Answers + 'static,
    {
        let path = P::path();
        let method = P::methods().into_iter().next().unwrap_or(HttpMethod::Get);
        let mut schemas = Vec::new();
        texts.schemas(&mut schemas);
        let mut description = Description::new(method.clone(), operation_of(texts.paths()), schemas);
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

/// The [`Endpoint`] of a handler. `#[utoipa::path]` keeps what it knows beside the handler, under a name made of its.
macro_rules! endpoint {
    ($handler:ident) => {
        pastey::paste! { $crate::http::Endpoint::new(&[<__path_ $handler>], $handler) }
    };
}
pub(crate) use endpoint;
