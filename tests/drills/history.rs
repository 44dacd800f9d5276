//! What callers meant to write, compared with what the tables contain.

use std::collections::BTreeMap;

/// A write that a caller intended. Its mark is in what it writes, and nowhere else.
#[derive(Clone, Debug)]
pub struct Write {
    pub mark: String,
    /// Whether the server acknowledged the write.
    pub is_acknowledged: bool,
}

/// A row of the tables that contains a mark.
#[derive(Clone, Debug)]
pub struct Found {
    pub mark: String,
    /// How many rows of the audit log record the write.
    pub audits: usize,
    /// How many events of the outbox announce the write.
    pub events: usize,
}

/// The result of the comparison; each list contains the marks with that fault.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// How many acknowledged writes were looked for.
    pub acknowledged: usize,
    /// Acknowledged, but not in the tables.
    pub lost: Vec<String>,
    /// In the tables, the audit log or the outbox more than once.
    pub doubled: Vec<String>,
    /// In the tables, but without the audit row or the event.
    pub untold: Vec<String>,
    /// In the tables, but nobody meant to write it.
    pub unintended: Vec<String>,
}

impl Verdict {
    /// Whether there is no fault.
    pub fn is_clean(&self) -> bool {
        *self == Self { acknowledged: self.acknowledged, ..Self::default() }
    }
}

/// Compares `found` with `writes`. A write that was not acknowledged may be in the tables once, or not at all.
pub fn check(writes: &[Write], found: &[Found]) -> Verdict {
    let mut rows: BTreeMap<&str, Vec<&Found>> = BTreeMap::new();
    for row in found {
        rows.entry(&row.mark).or_default().push(row);
    }
    let mut verdict = Verdict::default();
    for write in writes {
        let there = rows.remove(write.mark.as_str()).unwrap_or_default();
        verdict.acknowledged += usize::from(write.is_acknowledged);
        if there.is_empty() && write.is_acknowledged {
            verdict.lost.push(write.mark.clone());
        }
        if there.len() > 1 || there.iter().any(|row| row.audits > 1 || row.events > 1) {
            verdict.doubled.push(write.mark.clone());
        }
        if there.iter().any(|row| row.audits == 0 || row.events == 0) {
            verdict.untold.push(write.mark.clone());
        }
    }
    verdict.unintended = rows.into_keys().map(str::to_owned).collect();
    verdict
}

fn write(mark: &str, is_acknowledged: bool) -> Write {
    Write { mark: mark.to_owned(), is_acknowledged }
}

fn found(mark: &str, audits: usize, events: usize) -> Found {
    Found { mark: mark.to_owned(), audits, events }
}

#[test]
fn a_history_that_holds_is_clean() {
    let writes = [write("done", true), write("perhaps", false), write("never", false)];
    let verdict = check(&writes, &[found("done", 1, 1), found("perhaps", 1, 1)]);
    assert!(verdict.is_clean(), "{verdict:?}");
    assert_eq!(verdict.acknowledged, 1);
}

#[test]
fn every_fault_of_a_history_is_found() {
    let marks = ["lost", "twice", "told twice", "announced twice", "untold", "unannounced", "good"];
    let writes = marks.map(|mark| write(mark, mark != "twice"));
    let tables = [
        found("twice", 1, 1),
        found("twice", 1, 1),
        found("told twice", 2, 1),
        found("announced twice", 1, 2),
        found("untold", 0, 1),
        found("unannounced", 1, 0),
        found("good", 1, 1),
        found("unintended", 1, 1),
    ];
    let verdict = check(&writes, &tables);
    assert!(!verdict.is_clean());
    assert_eq!(verdict.acknowledged, 6);
    assert_eq!(verdict.lost, ["lost"]);
    assert_eq!(verdict.doubled, ["twice", "told twice", "announced twice"]);
    assert_eq!(verdict.untold, ["untold", "unannounced"]);
    assert_eq!(verdict.unintended, ["unintended"]);
}
