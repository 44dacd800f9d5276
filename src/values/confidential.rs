//! Members that only some callers may see. A row is written to JSON without them, unless [`reveal`] asks for them.
//!
//! The doc comment of such a member says `Confidential:` (after `Personal:`, if the member is personal too), and the
//! member has the attribute `#[serde(skip_serializing_if = "confidential::is_hidden")]`. A test checks that every
//! member has both or neither.

use std::cell::Cell;

use super::scoped;

thread_local! {
    static REVEALED: Cell<bool> = const { Cell::new(false) };
}

/// Runs `work`, which writes values to JSON, with their confidential members if `revealed`.
pub fn reveal<T>(revealed: bool, work: impl FnOnce() -> T) -> T {
    scoped::with(&REVEALED, revealed, work)
}

/// Whether a confidential member is left out. It is when it has no value or must not be revealed.
pub fn is_hidden<T>(member: &Option<T>) -> bool {
    member.is_none() || !REVEALED.get()
}

#[cfg(test)]
mod tests {
    use serde::Serialize;
    use serde_json::json;

    use super::reveal;

    #[derive(Serialize)]
    struct Row {
        name: &'static str,
        #[serde(skip_serializing_if = "super::is_hidden")]
        price: Option<u8>,
    }

    #[test]
    fn a_confidential_member_is_written_only_where_it_is_revealed() {
        let row = Row { name: "Chai", price: Some(7) };
        let written = || serde_json::to_value(&row).unwrap();
        assert_eq!(written(), json!({"name": "Chai"}));
        assert_eq!(reveal(true, written), json!({"name": "Chai", "price": 7}));
        assert_eq!(reveal(true, || reveal(false, written)), json!({"name": "Chai"}));
        assert_eq!(reveal(true, || (reveal(false, written), written()).1), json!({"name": "Chai", "price": 7}));
        assert_eq!(written(), json!({"name": "Chai"}));
    }

    #[test]
    fn nothing_stays_revealed_after_a_panic() {
        let row = Row { name: "Chai", price: Some(7) };
        let panicked = std::panic::catch_unwind(|| reveal(true, || panic!("on purpose")));
        assert!(panicked.is_err());
        assert_eq!(serde_json::to_value(&row).unwrap(), json!({"name": "Chai"}));
    }
}
