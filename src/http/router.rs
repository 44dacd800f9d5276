//! Sends each request to the operation that it asks for.

use std::{
    future::ready,
    iter,
    task::{Context, Poll},
};

use actix_web::{
    Error as ActixError, HttpRequest, HttpResponse, Route,
    dev::{Service, ServiceFactory, ServiceRequest, ServiceResponse},
    http::{Method, header},
    web::Data,
};
use futures_util::future::{LocalBoxFuture, try_join_all};
use utoipa::openapi::OpenApi;

use super::{Endpoint, Operations, part};
use crate::error::{Error, ProblemType};

/// The operations of all slices, as they are served and documented, each with its tag.
#[derive(Default)]
pub struct Routes(Vec<(&'static str, Endpoint)>);

impl Routes {
    /// Adds `operations`, which the document lists under `tag`.
    pub fn add(&mut self, tag: &'static str, operations: impl IntoIterator<Item = Endpoint>) {
        self.0.extend(operations.into_iter().map(|operation| (tag, operation)));
    }

    /// `document` with these operations and the schemas that they name.
    pub fn describe(&self, mut document: OpenApi) -> OpenApi {
        let mut components = document.components.take().unwrap_or_default();
        for (tag, endpoint) in &self.0 {
            let (mut operation, schemas) = endpoint.description();
            operation.tags = Some(vec![(*tag).to_owned()]);
            document.paths.add_path_operation(endpoint.path(), vec![endpoint.documented_method()], operation);
            components.schemas.extend(schemas);
        }
        document.components = Some(components);
        document
    }

    /// What serves these operations. `operations` tells which of them a request asks for.
    pub fn into_router(self, operations: Data<Operations>) -> Router {
        let mut routes: Vec<Option<Route>> = iter::repeat_with(|| None).take(operations.all().len()).collect();
        for (_, endpoint) in self.0 {
            let number = operations.find(&endpoint.method(), endpoint.path()).number;
            if let Some(place) = routes.get_mut(number) {
                *place = Some(endpoint.into_route());
            }
        }
        Router { operations, routes }
    }
}

/// Serves operations. An app has it in place of services of its own.
pub struct Router {
    operations: Data<Operations>,
    /// By the number of the operation.
    routes: Vec<Option<Route>>,
}

type Handler = <Route as ServiceFactory<ServiceRequest>>::Service;

/// A [`Router`] of one worker.
pub struct RouterService {
    operations: Data<Operations>,
    handlers: Vec<Option<Handler>>,
}

impl ServiceFactory<ServiceRequest> for Router {
    type Response = ServiceResponse;
    type Error = ActixError;
    type Config = ();
    type Service = RouterService;
    type InitError = ();
    type Future = LocalBoxFuture<'static, Result<RouterService, ()>>;

    fn new_service(&self, (): ()) -> Self::Future {
        let operations = self.operations.clone();
        let handlers: Vec<_> =
            self.routes.iter().map(|route| route.as_ref().map(|route| route.new_service(()))).collect();
        Box::pin(async move {
            let handlers = handlers.into_iter().map(async |handler| match handler {
                Some(handler) => handler.await.map(Some),
                None => Ok(None),
            });
            Ok(RouterService { operations, handlers: try_join_all(handlers).await? })
        })
    }
}

impl Service<ServiceRequest> for RouterService {
    type Response = ServiceResponse;
    type Error = ActixError;
    type Future = LocalBoxFuture<'static, Result<ServiceResponse, ActixError>>;

    fn poll_ready(&self, _: &mut Context<'_>) -> Poll<Result<(), ActixError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&self, mut request: ServiceRequest) -> Self::Future {
        let found = self.operations.find_with_values(request.method(), request.path());
        if request.method() == Method::OPTIONS
            && let Some(methods) = served_methods(request.request())
        {
            let answer = HttpResponse::NoContent().insert_header((header::ALLOW, methods)).finish();
            return Box::pin(ready(Ok(request.into_response(answer))));
        }
        let Some((handler, values)) = found.and_then(|(operation, values)| {
            let handler = self.handlers.get(operation.number)?.as_ref()?;
            let owned = values.iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
            Some((handler, owned.collect::<Vec<_>>()))
        }) else {
            let error = not_served(request.request());
            return Box::pin(ready(Ok(request.error_response(error))));
        };
        for (name, value) in values {
            request.match_info_mut().add_static(name, value);
        }
        handler.call(request)
    }
}

/// 404, or 405 with `Allow` when the address exists for other methods.
pub fn not_served(request: &HttpRequest) -> Error {
    match served_methods(request) {
        // The address has a value that is no id.
        Some(methods) if methods.split(", ").any(|served| served == request.method().as_str()) => Error::not_found(),
        Some(methods) => Error::new(ProblemType::MethodNotAllowed).allow(&methods),
        None => Error::not_found(),
    }
}

/// The methods that the API serves at the address of `request`, for `Allow`; `None` when it serves none there.
fn served_methods(request: &HttpRequest) -> Option<String> {
    let methods = part::<Operations>(request).ok()?.methods_at(request.path()).join(", ");
    (!methods.is_empty()).then_some(methods)
}
