//! The catalogue of problem types, served at `/problems/{type}`.

use actix_web::web::{Json, Path};
use serde::Serialize;
use strum::IntoEnumIterator;
use utoipa::ToSchema;

use crate::{
    error::{Error, ProblemType, Result},
    http::{Routes, endpoint},
    values::Language::{En, Ru},
};

/// The description of a problem type.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"type": "/problems/not-found", "code": "not_found", "status": 404, "title": "Not found",
    "title_ru": "Не найдено", "about": "There is no such resource within your reach.",
    "about_ru": "Такого ресурса нет или он вам недоступен."}))]
pub struct ProblemTypeDocument {
    /// The address of this description, as in the `type` of a problem.
    pub r#type: String,
    /// The stable code.
    pub code: String,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    pub status: u16,
    /// Its name in English.
    pub title: String,
    /// Its name in Russian.
    pub title_ru: String,
    /// What it means and what to do, in English.
    pub about: String,
    /// What it means and what to do, in Russian.
    pub about_ru: String,
}

impl From<ProblemType> for ProblemTypeDocument {
    fn from(problem: ProblemType) -> Self {
        Self {
            r#type: problem.uri(),
            code: problem.code(),
            status: problem.status().as_u16(),
            title: problem.title().text(En).to_owned(),
            title_ru: problem.title().text(Ru).to_owned(),
            about: problem.about().text(En).to_owned(),
            about_ru: problem.about().text(Ru).to_owned(),
        }
    }
}

/// The operations on problem types.
pub fn routes(api: &mut Routes) {
    api.add("service", [endpoint!(get_problem_type)]);
}

/// Describe a problem type
///
/// Use it when the `code` of a problem says too little: it tells what happened and what to do.
///
/// What a problem document's `type` leads to.
#[utoipa::path(
    get,
    path = "/problems/{type}",
    params(("type" = String, Path, description = "The last part of a problem's `type`.", max_length = 100, example = "not-found")),
    responses((status = 200, description = "The description of the problem type."))
)]
async fn get_problem_type(name: Path<String>) -> Result<Json<ProblemTypeDocument>> {
    ProblemType::iter()
        .find(|problem| problem.as_ref() == name.as_str())
        .map(|problem| Json(problem.into()))
        .ok_or_else(Error::not_found)
}
