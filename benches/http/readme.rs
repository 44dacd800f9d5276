//! The table in the README.

use std::{fs, path::Path};

use crate::{Result, chart, report::Report};

const BEGIN: &str = "<!-- benchmark: written by cargo bench --bench http -- --write-readme -->\n";
const END: &str = "<!-- end of the benchmark -->\n";

/// Writes the figures between the README's marks, and the chart into `docs`.
pub fn write(report: &Report) -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = root.join("README.md");
    let text = fs::read_to_string(&path)?;
    let (before, rest) = text.split_once(BEGIN).ok_or("the README has no place for the benchmark")?;
    let (_, after) = rest.split_once(END).ok_or("the README's place for the benchmark has no end")?;
    let chart = "![Requests a second, as a share of what pgbench does](docs/benchmark.svg)";
    fs::write(&path, format!("{before}{BEGIN}\n{chart}\n\n{}\n{END}{after}", report.markdown()))?;
    chart::draw(report, &root.join("docs/benchmark.svg"))
}
