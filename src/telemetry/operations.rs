//! Which operation a request asks for, found before anything else looks at it.

use std::sync::{Arc, OnceLock};

use actix_web::http::Method;
use matchit::Router;

use super::metrics::Meters;
use crate::openapi::Document;

/// The names of what the document does not have: Swagger UI, and every address that nobody serves.
const PAGES: &str = "docs";
const UNKNOWN: &str = "unknown";

/// One operation: there are no more of them than the document has, and the two above.
pub struct Operation {
    /// The `operationId`.
    pub id: String,
    /// The method; `_OTHER` of an unknown operation, as OpenTelemetry wants it.
    pub method: String,
    /// The address with names in place of values (`http.route`).
    pub route: String,
    pub(super) meters: OnceLock<Meters>,
}

impl Operation {
    fn new(id: &str, method: &str, route: &str) -> Arc<Self> {
        let (id, method, route) = (id.to_owned(), method.to_owned(), route.to_owned());
        Arc::new(Self { id, method, route, meters: OnceLock::new() })
    }
}

/// The operations of the server, by method and path.
pub struct Operations {
    by_path: Router<Vec<(Method, Arc<Operation>)>>,
    unknown: Arc<Operation>,
}

impl Operations {
    /// Those of `document`, and the pages.
    pub fn of(document: &Document) -> Self {
        let mut by_path: Router<Vec<(Method, Arc<Operation>)>> = Router::new();
        for (route, operations) in document.operations() {
            let operations = operations.iter().filter_map(|(method, id)| {
                Some((Method::from_bytes(method.as_bytes()).ok()?, Operation::new(id, method, route)))
            });
            // Refused is only what stands there already.
            let _ = by_path.insert(route, operations.collect());
        }
        let pages = Operation::new(PAGES, "GET", "/docs/{page}");
        for route in ["/", "/docs", "/docs/", "/docs/{page}"] {
            let _ = by_path.insert(route, vec![(Method::GET, Arc::clone(&pages))]);
        }
        Self { by_path, unknown: Operation::new(UNKNOWN, "_OTHER", "") }
    }

    /// The operation that serves `method` at `path`.
    pub fn find(&self, method: &Method, path: &str) -> Arc<Operation> {
        let found = self.by_path.at(path).ok();
        let found = found.and_then(|found| found.value.iter().find(|(served, _)| served == method));
        Arc::clone(found.map_or(&self.unknown, |(_, operation)| operation))
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::Method;

    use super::Operations;
    use crate::openapi::Document;

    #[test]
    fn each_operation_is_found_by_its_method_and_path() {
        let document = Document::build().unwrap();
        let operations = Operations::of(&document);
        let mut count = 0;
        for (route, served) in document.operations() {
            for (method, id) in served {
                let parts = route.split('/').map(|part| if part.starts_with('{') { "0193" } else { part });
                let path = parts.collect::<Vec<_>>().join("/");
                let found = operations.find(&Method::from_bytes(method.as_bytes()).unwrap(), &path);
                assert_eq!((&found.id, &found.route), (id, route), "{method} {path}");
                count += 1;
            }
        }
        assert!(count > 100, "{count}");
    }

    #[test]
    fn what_nobody_serves_has_one_name() {
        let operations = Operations::of(&Document::build().unwrap());
        for (method, path) in [
            (Method::GET, "/v1/nothing"),
            (Method::GET, "/v1/clients/1/2/3/4"),
            (Method::OPTIONS, "/v1/clients"),
            (Method::from_bytes(b"BREW").unwrap(), "/v1/clients"),
            (Method::GET, "*"),
            (Method::GET, ""),
        ] {
            let found = operations.find(&method, path);
            assert_eq!((found.id.as_str(), found.method.as_str()), ("unknown", "_OTHER"), "{method} {path}");
        }
        assert_eq!(operations.find(&Method::GET, "/docs/index.html").id, "docs");
    }
}
