//! The catalogue of problem types, served at `/problems`, as JSON for programs and as a page for browsers.

mod page;

use actix_web::web::Path;
use serde::Serialize;
use strum::IntoEnumIterator;
use utoipa::ToSchema;

use crate::{
    error::{Error, ProblemType, Result},
    http::{ForBoth, Routes, endpoint},
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

/// All types of problems.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"data": [{"type": "/problems/not-found", "code": "not_found", "status": 404, "title": "Not found",
    "title_ru": "Не найдено", "about": "There is no such resource within your reach.",
    "about_ru": "Такого ресурса нет или он вам недоступен."}]}))]
pub struct ProblemTypes {
    /// The types, in the order of their statuses.
    #[schema(max_items = 100)]
    pub data: Vec<ProblemTypeDocument>,
}

/// The operations on problem types.
pub fn routes(api: &mut Routes) {
    api.add("service", [endpoint!(list_problem_types), endpoint!(get_problem_type)]);
}

/// List the problem types
///
/// Use it to see every way in which a request can fail, and what to do then.
#[utoipa::path(get, path = "/problems", responses((status = 200, description = "The problem types.")))]
async fn list_problem_types() -> Result<ForBoth<ProblemTypes>> {
    let mut types: Vec<ProblemType> = ProblemType::iter().collect();
    types.sort_by_key(|problem| problem.status());
    let page = page::index(&types);
    Ok(ForBoth { data: ProblemTypes { data: types.into_iter().map(Into::into).collect() }, page })
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
async fn get_problem_type(name: Path<String>) -> Result<ForBoth<ProblemTypeDocument>> {
    let problem = ProblemType::iter().find(|problem| problem.as_ref() == name.as_str()).ok_or_else(Error::not_found)?;
    Ok(ForBoth { data: problem.into(), page: page::of(problem) })
}
