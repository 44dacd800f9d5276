//! Numbers as people write them.

/// `text` without white space, which people put between the digits of long numbers.
pub fn without_spaces(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}
