//! Problem types as pages. Their texts are the server's own.

use crate::{
    error::ProblemType,
    http::html::{escaped, page},
    values::Language::{self, En, Ru},
};

/// The page of all types.
pub fn index(types: &[ProblemType]) -> String {
    let row = |problem: &ProblemType| {
        format!(
            "<tr><td>{}</td><td><a href=\"{}\"><code>{}</code></a></td><td>{}</td><td lang=\"ru\">{}</td></tr>\n",
            problem.status().as_u16(),
            problem.uri(),
            problem.code(),
            rich(problem.title().text(En)),
            rich(problem.title().text(Ru)),
        )
    };
    let rows: String = types.iter().map(row).collect();
    let head = "<tr><th>Status</th><th>Code</th><th>Problem</th><th></th></tr>";
    page("Problems", &format!("<h1>Problems</h1>\n<table>\n{head}\n{rows}</table>"))
}

/// The page of one type.
pub fn of(problem: ProblemType) -> String {
    let part = |language: Language| {
        format!(
            "<section lang=\"{}\"><h2>{}</h2><p>{}</p></section>",
            language.tag(),
            rich(problem.title().text(language)),
            rich(problem.about().text(language)),
        )
    };
    let code = problem.code();
    let body = format!(
        "<h1><code>{code}</code></h1>\n<p>HTTP {}</p>\n{}\n{}\n<p><a href=\"/problems\">All problems</a></p>",
        problem.status(),
        part(En),
        part(Ru),
    );
    page(&code, &body)
}

/// A text as HTML; what stands between backticks is code.
fn rich(text: &str) -> String {
    let part = |(at, part): (usize, &str)| match at % 2 {
        0 => escaped(part),
        _ => format!("<code>{}</code>", escaped(part)),
    };
    text.split('`').enumerate().map(part).collect()
}
