//! The rule for the addresses of websites.

use crate::values::{Invalid, Rule};

/// See [`super::Website`].
#[derive(Debug)]
pub struct Website;
impl Rule for Website {
    const NAME: &'static str = "Website";
    const ABOUT: &'static str = "An http or https address.";
    const MAX: usize = 500;
    const PATTERN: &'static str = r"^https?://\S+$";
    const EXAMPLE: &'static str = "https://example.com/";

    fn check(text: &str) -> Result<String, Invalid> {
        let url = url::Url::parse(text).map_err(|_ignored| Invalid::Website)?;
        let web = matches!(url.scheme(), "http" | "https") && url.has_host() && url.username().is_empty();
        let short = url.as_str().chars().count() <= Self::MAX;
        (web && short).then(|| url.to_string()).ok_or(Invalid::Website)
    }
}

#[cfg(test)]
mod tests {
    use crate::values::Website;

    #[test]
    fn only_http_and_https_are_taken() {
        assert!(Website::parse("https://example.com").is_ok());
        for wrong in ["javascript:alert(1)", "ftp://example.com", "example.com", "https://user@example.com"] {
            assert!(Website::parse(wrong).is_err(), "{wrong}");
        }
    }
}
