//! What the source says in one place only.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Every file below `folder` with its text; paths are relative to `src`.
fn files(folder: &Path) -> Vec<(String, String)> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let of = |path: PathBuf| match path.is_dir() {
        true => files(&path),
        false => {
            let name = path.strip_prefix(&src).unwrap().to_str().unwrap().to_owned();
            vec![(name, fs::read_to_string(&path).unwrap())]
        }
    };
    entries.flat_map(of).collect()
}

fn source() -> Vec<(String, String)> {
    files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"))
}

/// The files that contain one of `words`, with how often.
fn containing(words: &[&str]) -> Vec<(String, usize)> {
    let count = |text: &str| words.iter().map(|word| text.matches(word).count()).sum::<usize>();
    let mut found: Vec<_> = source().iter().map(|(name, text)| (name.clone(), count(text))).collect();
    found.retain(|(_, count)| *count > 0);
    found.sort();
    found
}

/// That the numbers differ needs no test: Rust refuses an enumeration that has one twice.
#[test]
fn advisory_locks_have_their_numbers_in_one_place() {
    let names: Vec<String> =
        containing(&["pg_advisory", "pg_try_advisory"]).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["db/advisory_lock.rs"]);
}

/// `FOR UPDATE` holds up whoever inserts a row that refers to the locked one; `FOR NO KEY UPDATE` does not.
#[test]
fn rows_are_locked_so_that_references_to_them_can_be_inserted() {
    let allowed = [
        // A letter that is taken from the queue: no row refers to one.
        ("mail/queue.rs", 1),
        // A key that is deleted next, which takes this lock anyway.
        ("service_accounts/keys.rs", 1),
    ];
    let found = containing(&[".for_update()", "FOR UPDATE"]);
    let found: Vec<(&str, usize)> = found.iter().map(|(name, count)| (name.as_str(), *count)).collect();
    assert_eq!(found, allowed);
}
