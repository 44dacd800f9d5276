//! `docs/operations`: the metrics in the dashboard and the alerts exist, and every metric is explained.

use std::{collections::BTreeSet, fs, path::Path, time::Duration};

use saphyr::{LoadableYamlNode, Yaml};
use serde_json::Value;
use tokio::time::sleep;

use super::metrics::{ask_for_token, read};
use crate::harness::{PASSWORD, TestApp};

fn file(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name)).unwrap()
}

/// The expressions of all panels and variables.
fn dashboard() -> Vec<String> {
    let dashboard: Value = serde_json::from_str(&file("operations/grafana-dashboard.json")).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let targets = panels.iter().flat_map(|panel| panel["targets"].as_array().into_iter().flatten());
    targets.map(|target| target["expr"].as_str().unwrap().to_owned()).collect()
}

/// Name and expression of each alert.
fn alerts() -> Vec<(String, String)> {
    let text = file("operations/alerts.yml");
    let documents = Yaml::load_from_str(&text).unwrap();
    let groups = documents[0]["groups"].as_sequence().unwrap();
    let rules = groups.iter().flat_map(|group| group["rules"].as_sequence().unwrap());
    rules
        .map(|rule| {
            for (part, member) in [("labels", "severity"), ("annotations", "summary"), ("annotations", "runbook_url")] {
                assert!(rule[part][member].as_str().is_some(), "{rule:?}: no {member}");
            }
            let text = |member: &str| rule[member].as_str().unwrap().to_owned();
            (text("alert"), text("expr"))
        })
        .collect()
}

/// `expression` without the parts between each `open` and the next `close`.
fn without(expression: &str, open: &str, close: char) -> String {
    let mut parts = expression.split(open);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + " " + part.split_once(close).map_or("", |(_, rest)| rest))
}

/// The names of the metrics in an expression.
fn metrics_of(expression: &str) -> BTreeSet<String> {
    let mut text = without(&without(expression, "{", '}'), "[", ']');
    for clause in ["by (", "on (", "ignoring (", "without ("] {
        text = without(&text, clause, ')');
    }
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    let functions = ["histogram_quantile", "label_replace", "clamp_min", "group_left", "max_over_time"];
    words.filter(|word| word.contains('_') && !functions.contains(word)).map(str::to_owned).collect()
}

#[test]
fn names_are_found_in_expressions() {
    let expression =
        "sum by (le, operation) (rate(a_bucket{instance=~\"$instance\",x=\"b_c\"}[5m])) / on (job) (d_total > 0.5)";
    assert_eq!(metrics_of(expression), BTreeSet::from(["a_bucket".to_owned(), "d_total".to_owned()]));
}

/// The names of every series that a server in use exposes.
async fn exposed() -> BTreeSet<String> {
    let app = TestApp::start().await;
    let sue = app.supervisor().await;
    let server = app.served();
    assert_eq!(server.connect().await.get("/v1/me", &sue).await, 200);
    assert_eq!(ask_for_token(&app, &sue, PASSWORD).await, 200);
    let jobs = app.jobs();
    sleep(Duration::from_secs(1)).await;
    jobs.finish().await;
    let lines = read(&app);
    lines.iter().map(|line| line.split(['{', ' ']).next().unwrap().to_owned()).collect()
}

#[actix_web::test]
async fn every_metric_of_the_dashboard_and_the_alerts_is_exposed() {
    let exposed = exposed().await;
    let expressions = dashboard().into_iter().chain(alerts().into_iter().map(|(_, expression)| expression));
    let mut asked = 0;
    for expression in expressions {
        let metrics = metrics_of(&expression);
        // `up` is a metric of Prometheus itself.
        assert!(!metrics.is_empty() || expression.contains("up{"), "{expression}");
        for metric in metrics {
            assert!(exposed.contains(&metric), "{metric} of {expression} is not among {exposed:?}");
            asked += 1;
        }
    }
    assert!(asked > 30, "{asked}");
}

#[actix_web::test]
async fn every_metric_and_every_alert_is_explained() {
    let page = file("operations.md");
    for series in exposed().await {
        let metric = ["_bucket", "_sum", "_count"]
            .iter()
            .filter_map(|suffix| series.strip_suffix(suffix))
            .find(|name| page.contains(&format!("`{name}`")))
            .unwrap_or(&series);
        assert!(page.contains(&format!("`{metric}`")), "docs/operations.md does not explain {metric}");
    }
    for (alert, _) in alerts() {
        let (_, section) =
            page.split_once(&format!("\n### {alert}\n")).unwrap_or_else(|| panic!("{alert} is not explained"));
        assert!(section.split("\n#").next().unwrap().trim().len() > 100, "{alert} is hardly explained");
    }
}
