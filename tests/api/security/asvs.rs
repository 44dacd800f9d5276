//! The table of ASVS requirements: it is complete, and every test that it names exists.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

/// How many requirements ASVS 5.0 has at these levels.
const COUNTS: [(&str, usize); 3] = [("1", 70), ("2", 183), ("3", 92)];
/// How many applicable requirements may have no test, each with its reason.
const OPEN: usize = 28;

#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    pub id: String,
    level: String,
    applies: String,
    reason: String,
    pub tests: String,
}

impl Row {
    fn is_open(&self) -> bool {
        self.reason.starts_with("OPEN:")
    }
}

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

pub fn rows() -> Vec<Row> {
    let mut table = csv::Reader::from_path(root().join("tests/security/asvs.csv")).unwrap();
    table.deserialize().map(|row| row.unwrap()).collect()
}

/// The names of the tests in the sources, with their files. A function is a test if it has a test attribute.
fn tests() -> BTreeMap<String, BTreeSet<String>> {
    let mut found = BTreeMap::<_, BTreeSet<_>>::new();
    let mut folders = vec![root().join("src"), root().join("tests")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() && name != "node_modules" {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let file = path.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
                for test in tests_of(&fs::read_to_string(&path).unwrap()) {
                    found.entry(test).or_default().insert(file.clone());
                }
            }
        }
    }
    found
}

fn tests_of(source: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut is_test = false;
    for line in source.lines().map(str::trim) {
        match line {
            "#[test]" | "#[actix_web::test]" | "#[tokio::test]" => is_test = true,
            // Other attributes and comments may come in between.
            _ if line.starts_with("#[") || line.starts_with("//") => {}
            _ => {
                let function = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ");
                if let (true, Some(function)) = (is_test, function) {
                    names.push(function.split('(').next().unwrap().to_owned());
                }
                is_test = false;
            }
        }
    }
    names
}

/// The steps that `.ci/run` runs by default.
fn steps() -> BTreeSet<String> {
    let script = fs::read_to_string(root().join(".ci/run")).unwrap();
    let (_, steps) = script.split_once("STEPS=(").unwrap();
    let steps: Vec<&str> = steps.split(')').next().unwrap().split_whitespace().collect();
    steps
        .into_iter()
        .filter(|step| script.contains(&format!("\n{step}() {{\n")))
        .map(|step| format!("ci:{step}"))
        .collect()
}

/// Whether the test `named` exists. It is named as `file::name`, with the file without its extension, or by its name
/// alone if that is unique.
fn is_there(named: &str, tests: &BTreeMap<String, BTreeSet<String>>) -> Result<(), &'static str> {
    let (file, name) = named.rsplit_once("::").unwrap_or(("", named));
    let Some(files) = tests.get(name) else { return Err("there is no such test") };
    let end = file.replace("::", "/");
    let fitting = |path: &&String| {
        let path = path.trim_end_matches(".rs").trim_end_matches("/mod");
        end.is_empty() || path == end || path.ends_with(&format!("/{end}"))
    };
    match files.iter().filter(fitting).count() {
        0 => Err("there is no such test in that file"),
        1 => Ok(()),
        _ => Err("there are several tests of that name; say which file"),
    }
}

#[test]
fn every_requirement_stands_in_the_table_once() {
    let rows = rows();
    let ids: BTreeSet<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    assert_eq!(ids.len(), rows.len(), "an id stands there twice");
    for (level, count) in COUNTS {
        assert_eq!(rows.iter().filter(|row| row.level == level).count(), count, "level {level}");
    }
    assert_eq!(rows.len(), COUNTS.iter().map(|(_, count)| count).sum::<usize>());
}

#[test]
fn every_requirement_is_proved_or_has_a_reason() {
    let (tests, steps) = (tests(), steps());
    assert!(tests.len() > 200 && steps.len() > 5, "the sources are not read: {} tests, {steps:?}", tests.len());
    let mut wrong = Vec::new();
    for row in rows() {
        let named: Vec<&str> = row.tests.split_whitespace().collect();
        for name in &named {
            let told = if name.starts_with("ci:") {
                if steps.contains(*name) { Ok(()) } else { Err("there is no such step") }
            } else {
                is_there(name, &tests)
            };
            if let Err(problem) = told {
                wrong.push(format!("{}: {name}: {problem}", row.id));
            }
        }
        let problem = match (row.applies.as_str(), named.is_empty(), row.reason.is_empty()) {
            ("yes", false, _) if row.is_open() => Some("it is open and has tests"),
            ("yes", true, _) if !row.is_open() => Some("it applies and no test proves it"),
            ("no", false, _) => Some("it does not apply and has tests"),
            ("no", true, true) => Some("it does not apply and nothing says why"),
            ("yes" | "no", ..) => None,
            _ => Some("whether it applies is neither yes nor no"),
        };
        wrong.extend(problem.map(|problem| format!("{}: {problem}", row.id)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_requirement_is_left_open() {
    let open: Vec<String> =
        rows().iter().filter(|row| row.is_open()).map(|row| format!("{} {}", row.id, row.reason)).collect();
    assert!(open.len() <= OPEN, "{} are open:\n{}", open.len(), open.join("\n"));
}

#[test]
fn a_test_is_known_by_its_attribute() {
    let source = "#[test]\nfn one() {\n}\n\n/// About it.\n#[actix_web::test]\n#[ignore]\nasync fn two() {\n}\nfn three() {\n}\n\
                  #[derive(Debug)]\nstruct Four;\n    #[test]\n    fn five(text in \".*\") {\n";
    assert_eq!(tests_of(source), ["one", "two", "five"]);
}
