//! What an id of another system is.

use actix_web::web::Path;
use serde::{Deserialize, Serialize};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        Required,
        path::{ParameterBuilder, ParameterIn},
    },
};

use crate::{
    error::FieldError,
    http::{Description, Takes},
    values::{Invalid, Say, Text},
};

/// An id of a row in another system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"source": "erp", "id": "4711"}))]
pub struct ExternalId {
    /// The system that gave the id.
    pub source: Text<50>,
    /// The id, as the system writes it.
    pub id: Text<100>,
}

impl ExternalId {
    /// Both in one text, by which ids are compared.
    pub fn key(&self) -> String {
        format!("external {} {}", self.source.as_str(), self.id.as_str())
    }
}

/// What is wrong with ids that are given twice.
pub fn repeated(ids: &[ExternalId]) -> impl Iterator<Item = FieldError> {
    let twice = |at: &usize| ids.get(*at).is_some_and(|id| ids.iter().take(*at).any(|before| before == id));
    let say = Say::new("This is given twice.", "Это указано дважды.");
    (0..ids.len())
        .filter(twice)
        .map(move |at| FieldError::new(format!("/external_ids/{at}/id"), Invalid::Rule("repeated", say.clone())))
}

impl Takes for Path<ExternalId> {
    fn describe(description: &mut Description) {
        let members = [
            ("source", "The other system.", Text::<50>::schema(), "erp"),
            ("id", "The id in that system.", Text::<100>::schema(), "4711"),
        ];
        for (name, said, schema, example) in members {
            let parameter = ParameterBuilder::new().name(name).parameter_in(ParameterIn::Path).required(Required::True);
            let parameter = parameter.description(Some(said)).schema(Some(schema)).example(Some(example.into()));
            description.parameter(parameter.build());
        }
        description.refuses(&[400, 404]);
    }
}
