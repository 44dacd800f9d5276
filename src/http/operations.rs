//! What the server serves, as a list: the one place that tells which operation a request asks for.

use std::sync::Arc;

use actix_web::http::Method;
use matchit::{Params, Router};

/// The name of every address that nobody serves.
const UNKNOWN: &str = "unknown";
/// The name of the pages of Swagger UI.
const PAGES: &str = "docs";
/// Their addresses.
const PAGE_PATHS: [&str; 4] = ["/", "/docs", "/docs/", "/docs/{page}"];

/// The values in an address, with their names.
pub type Values<'a> = Params<'a, 'a>;

/// One operation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Operation {
    /// The `operationId`.
    pub id: String,
    /// The method; `_OTHER` of the unknown operation, as OpenTelemetry wants it.
    pub method: String,
    /// The address, with names in place of values: `/v1/clients/{id}`.
    pub path: String,
    /// The right that it needs, such as `clients:read`.
    pub right: Option<String>,
    /// Whether anyone may call it, without a token.
    pub is_open: bool,
    /// How many bytes its body may have, where that is more than for others.
    pub max_body: Option<usize>,
    /// The schema of its body.
    pub request: Option<String>,
    /// The schema of what it answers.
    pub answer: Option<String>,
    /// Whether it answers with a page, too.
    pub has_page: bool,
    /// Its place in the list of all.
    pub number: usize,
}

/// All operations of the server.
pub struct Operations {
    all: Vec<Arc<Operation>>,
    by_path: Router<Vec<(Method, usize)>>,
    pages: usize,
    unknown: Arc<Operation>,
}

impl Operations {
    /// Those of the API, and the pages.
    pub fn of(api: impl IntoIterator<Item = Operation>) -> Self {
        let mut all = Vec::new();
        let mut add = |operation: Operation| {
            let operation = Arc::new(Operation { number: all.len(), ..operation });
            all.push(Arc::clone(&operation));
            operation
        };
        let mut paths: Vec<(String, Vec<(Method, usize)>)> = Vec::new();
        for operation in api {
            let Ok(method) = Method::from_bytes(operation.method.as_bytes()) else { continue };
            let path = operation.path.clone();
            let number = add(operation).number;
            match paths.iter_mut().find(|(known, _)| *known == path) {
                Some((_, served)) => served.push((method, number)),
                None => paths.push((path, vec![(method, number)])),
            }
        }
        let named = |id: &str, method: &str, path: &str| Operation {
            id: id.to_owned(),
            method: method.to_owned(),
            path: path.to_owned(),
            ..Operation::default()
        };
        let pages = add(named(PAGES, "GET", "/docs/{page}")).number;
        paths.extend(PAGE_PATHS.map(|path| (path.to_owned(), vec![(Method::GET, pages)])));
        let unknown = add(named(UNKNOWN, "_OTHER", ""));
        let mut by_path = Router::new();
        for (path, served) in paths {
            // Only an address that stands there already is refused.
            let _ = by_path.insert(path, served);
        }
        Self { all, by_path, pages, unknown }
    }

    /// Every operation, with the pages and the unknown one.
    pub fn all(&self) -> &[Arc<Operation>] {
        &self.all
    }

    /// The operation that serves `method` at `path`; the unknown one when none does. `HEAD` is served by what serves `GET`.
    pub fn find(&self, method: &Method, path: &str) -> &Arc<Operation> {
        let found = self.by_path.at(path).ok();
        found.and_then(|found| self.serving(method, found.value)).unwrap_or(&self.unknown)
    }

    /// The operation that serves `method` at `path`, and the values in `path` with their names. An address without
    /// parameters goes before one with them, as OpenAPI says.
    pub fn find_with_values<'a>(&'a self, method: &Method, path: &'a str) -> Option<(&'a Arc<Operation>, Values<'a>)> {
        let found = self.by_path.at(path).ok()?;
        Some((self.serving(method, found.value)?, found.params))
    }

    fn serving(&self, method: &Method, at_path: &[(Method, usize)]) -> Option<&Arc<Operation>> {
        let method = if method == Method::HEAD { &Method::GET } else { method };
        let (_, number) = at_path.iter().find(|(served, _)| served == method)?;
        self.all.get(*number)
    }

    /// Whether `operation` is served at all.
    pub fn serves(&self, operation: &Operation) -> bool {
        operation.number != self.unknown.number
    }

    /// The methods that the API serves at `path`, for `Allow`; empty when it serves none.
    pub fn methods_at(&self, path: &str) -> Vec<&str> {
        let found = self.by_path.at(path).map_or(&[][..], |found| found.value.as_slice());
        let api = found.iter().filter(|(_, number)| *number != self.pages);
        let mut methods: Vec<&str> = api.map(|(method, _)| method.as_str()).collect();
        if methods.contains(&"GET") {
            methods.push("HEAD");
        }
        if !methods.is_empty() {
            methods.push("OPTIONS");
        }
        methods
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::Method;

    use super::{Operation, Operations};

    fn operations() -> Operations {
        let api = [
            ("list_clients", Method::GET, "/v1/clients"),
            ("create_client", Method::POST, "/v1/clients"),
            ("get_client", Method::GET, "/v1/clients/{id}"),
            ("verify_client", Method::POST, "/v1/clients/{id}/verify"),
            ("summarize_orders", Method::GET, "/v1/orders/summary"),
            ("get_order", Method::GET, "/v1/orders/{id}"),
        ];
        Operations::of(api.map(|(id, method, path)| Operation {
            id: id.to_owned(),
            method: method.to_string(),
            path: path.to_owned(),
            ..Operation::default()
        }))
    }

    #[test]
    fn each_operation_is_found_by_its_method_and_path() {
        let operations = operations();
        for (method, path, id) in [
            (Method::GET, "/v1/clients", "list_clients"),
            (Method::POST, "/v1/clients", "create_client"),
            (Method::GET, "/v1/clients/0193", "get_client"),
            (Method::POST, "/v1/clients/0193/verify", "verify_client"),
            (Method::GET, "/v1/orders/summary", "summarize_orders"),
            (Method::GET, "/v1/orders/0193", "get_order"),
            (Method::GET, "/docs/index.html", "docs"),
        ] {
            assert_eq!(operations.find(&method, path).id, id, "{method} {path}");
        }
    }

    #[test]
    fn what_nobody_serves_has_one_name_and_no_methods() {
        let operations = operations();
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
        assert_eq!(operations.methods_at("/v1/clients"), ["GET", "POST", "HEAD", "OPTIONS"]);
        assert!(operations.methods_at("/v1/nothing").is_empty());
        assert!(operations.methods_at("/docs/").is_empty());
    }
}
