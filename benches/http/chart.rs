//! The chart: each operation's rate as a share of pgbench's at the same number of connections.

use std::path::Path;

use plotters::{
    prelude::{ChartBuilder, IntoDrawingArea, IntoFont, PathElement, RGBColor, Rectangle, SVGBackend, Text, WHITE},
    style::{
        Color,
        text_anchor::{HPos, Pos, VPos},
    },
};

use crate::{
    Result,
    measure::Row,
    plan::USUAL,
    report::{Report, thousands},
};

// Light enough to read the figures on it.
const BAR: RGBColor = RGBColor(150, 190, 225);
const LINE: RGBColor = RGBColor(190, 60, 40);
const INK: RGBColor = RGBColor(40, 40, 40);
const WIDTH: u32 = 900;
/// The height of one bar with its margins, in pixels.
const STEP: u32 = 44;

/// Draws the chart into `file`.
pub fn draw(report: &Report, file: &Path) -> Result<()> {
    let rows: Vec<&Row> = report.usual().collect();
    let count = f64::from(u32::try_from(rows.len())?);
    let height = 90 + STEP * u32::try_from(rows.len())?;
    let most = rows.iter().map(|row| ratio(row)).fold(1.0, f64::max) * 1.25;
    let area = SVGBackend::new(file, (WIDTH, height)).into_drawing_area();
    area.fill(&WHITE)?;
    let title = format!("Liaison as a share of pgbench with the same SQL, {USUAL} connections");
    let mut chart = ChartBuilder::on(&area)
        .caption(title, ("sans-serif", 18).into_font().color(&INK))
        .margin(12)
        .x_label_area_size(24)
        .build_cartesian_2d(-0.62 * most..most, 0.0..count)?;
    for (index, row) in rows.iter().enumerate() {
        let middle = count - f64::from(u32::try_from(index)?) - 0.5;
        let bar = Rectangle::new([(0.0, middle - 0.3), (ratio(row), middle + 0.3)], BAR.filled());
        let name = label(row.operation.title.to_owned(), -0.01 * most, middle, HPos::Right);
        let value = format!("{:.2} · {}/s", ratio(row), thousands(row.server.rate));
        let value = label(value, 0.015 * most, middle, HPos::Left);
        chart.draw_series([bar])?;
        chart.draw_series([name, value])?;
    }
    chart.draw_series([PathElement::new(vec![(1.0, 0.0), (1.0, count)], LINE.stroke_width(2))])?;
    chart.draw_series([label("pgbench".to_owned(), 1.0, -0.4, HPos::Center)])?;
    area.present()?;
    Ok(())
}

fn ratio(row: &Row) -> f64 {
    row.server.rate / row.pgbench.rate
}

fn label(text: String, x: f64, y: f64, side: HPos) -> Text<'static, (f64, f64), String> {
    let style = ("sans-serif", 14).into_font().color(&INK).pos(Pos::new(side, VPos::Center));
    Text::new(text, (x, y), style)
}
