//! Members that only some may see: a row is written to JSON without them, unless it is said that they are to be there.
//!
//! The doc comment of such a member begins with `Confidential:`, and it says
//! `#[serde(skip_serializing_if = "confidential::is_hidden")]`. A test holds that they go together.

use std::cell::Cell;

thread_local! {
    /// serde gives no way to tell a value how it is to be written.
    static REVEALED: Cell<bool> = const { Cell::new(false) };
}

/// Does `work`, which writes values to JSON, with their confidential members in it when they are `revealed`.
pub fn reveal<T>(revealed: bool, work: impl FnOnce() -> T) -> T {
    let _restored = Restore(REVEALED.replace(revealed));
    work()
}

/// Puts back at its end what was said before, also when the work panics: the thread goes on with other requests.
struct Restore(bool);

impl Drop for Restore {
    fn drop(&mut self) {
        REVEALED.set(self.0);
    }
}

/// Whether a confidential member is left out: when it is not to be revealed, and when there is none.
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
