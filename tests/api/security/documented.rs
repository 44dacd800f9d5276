//! `docs/security.md`: it contains every decision that a requirement wants documented, with the current figures.

use std::fs;

use liaison::{
    access::{recent::MAX_AGE, token::LIFETIME},
    auth::throttle::Limits,
};

use super::asvs::{root, rows};

fn page() -> String {
    fs::read_to_string(root().join("docs/security.md")).unwrap()
}

#[test]
fn every_documented_decision_has_its_section() {
    let page = page();
    let sections: Vec<(&str, &str)> =
        page.split("\n## ").skip(1).map(|section| section.split_once('\n').unwrap()).collect();
    let mut missing = Vec::new();
    for row in rows().iter().filter(|row| row.tests.contains("every_documented_decision_has_its_section")) {
        let id = row.id.trim_start_matches('V');
        let told = sections.iter().any(|(heading, text)| {
            let (_, ids) = heading.split_once("(ASVS ").unwrap_or_default();
            ids.trim_end_matches(')').split(", ").any(|named| named == id) && text.trim().len() > 100
        });
        if !told {
            missing.push(row.id.clone());
        }
    }
    assert!(missing.is_empty(), "no section of docs/security.md has {missing:?} in its heading");
}

#[test]
fn the_documented_figures_are_those_in_force() {
    let (page, limits) = (page(), Limits::default());
    for figure in [
        format!("{} for an account", limits.per_account),
        format!("{} for a network", limits.per_network),
        format!("{} minutes", LIFETIME.as_secs() / 60),
        format!("within the last {} minutes", MAX_AGE.num_minutes()),
    ] {
        assert!(page.contains(&figure), "{figure}");
    }
}
