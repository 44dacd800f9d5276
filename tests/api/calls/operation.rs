//! The operations, as the document describes them.

use serde_json::Value;

use crate::harness::document;

/// One operation of the document.
#[derive(Clone, Copy, Debug)]
pub struct Operation {
    pub id: &'static str,
    pub method: &'static str,
    pub path: &'static str,
    pub about: &'static Value,
}

impl Operation {
    pub fn permission(&self) -> Option<&'static str> {
        self.about["x-permission"].as_str()
    }

    /// Whether the operation is for persons only.
    pub fn is_for_persons(&self) -> bool {
        self.about["x-caller"] == "person"
    }

    /// Whether the operation needs no sign-in.
    pub fn is_public(&self) -> bool {
        self.about["security"] == serde_json::json!([])
    }

    /// Whether the operation returns a page of everything within reach.
    pub fn is_list(&self) -> bool {
        let schema = &self.about["responses"]["200"]["content"]["application/json"]["schema"];
        let name = schema["$ref"].as_str().or_else(|| schema["anyOf"][0]["$ref"].as_str());
        self.method == "get" && name.is_some_and(|name| name.ends_with("Page")) && !self.path.contains('{')
    }

    pub fn is_safe(&self) -> bool {
        self.method == "get"
    }

    pub fn parameters(&self) -> impl Iterator<Item = &'static Value> {
        self.about["parameters"].as_array().into_iter().flatten().map(|parameter| match parameter["$ref"].as_str() {
            Some(reference) => document().pointer(reference.trim_start_matches('#')).unwrap(),
            None => parameter,
        })
    }

    pub fn has_parameter(&self, name: &str) -> bool {
        self.parameters().any(|parameter| parameter["name"] == name)
    }

    /// Whether it is refused without this parameter.
    pub fn requires(&self, name: &str) -> bool {
        self.parameters().any(|parameter| parameter["name"] == name && parameter["required"] == true)
    }

    /// The media type of its body.
    pub fn media_type(&self) -> Option<&'static str> {
        let mut content = self.about["requestBody"]["content"].as_object()?.keys();
        content.next().map(String::as_str)
    }
}

/// All operations, in the order of the document.
pub fn operations() -> Vec<Operation> {
    let paths = document()["paths"].as_object().unwrap();
    let of_path = |(path, item): (&'static String, &'static Value)| {
        item.as_object().unwrap().iter().map(move |(method, about)| Operation {
            id: about["operationId"].as_str().unwrap(),
            method,
            path,
            about,
        })
    };
    paths.iter().flat_map(of_path).collect()
}
