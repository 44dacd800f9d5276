//! The table in `docs/benchmarks.md`.

use std::{fs, path::Path};

use crate::{Result, chart, report::Report};

const BEGIN: &str = "<!-- benchmark: written by cargo bench --bench http -- --write-docs -->\n";
const END: &str = "<!-- end of the benchmark -->\n";

/// Writes the figures between the marks of that page, and the chart beside it.
pub fn write(report: &Report) -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = root.join("docs/benchmarks.md");
    let text = fs::read_to_string(&path)?;
    let (before, rest) = text.split_once(BEGIN).ok_or("docs/benchmarks.md has no place for the figures")?;
    let (_, after) = rest.split_once(END).ok_or("the place for the figures in docs/benchmarks.md has no end")?;
    let chart = "![Requests a second, as a share of what pgbench does](benchmark.svg)";
    fs::write(&path, format!("{before}{BEGIN}\n{chart}\n\n{}\n{END}{after}", report.markdown()))?;
    chart::draw(report, &root.join("docs/benchmark.svg"))
}
