//! The rule for e-mail addresses.

use unicode_script::ScriptExtension;

use crate::values::{Invalid, Rule};

/// See [`super::Email`].
#[derive(Debug)]
pub struct Email;
impl Rule for Email {
    const NAME: &'static str = "Email";
    const ABOUT: &'static str =
        "An e-mail address (RFC 5321), kept in lower case. No part of it mixes letters of several scripts.";
    const MAX: usize = 254;
    const PATTERN: &'static str = r#"^[^\s@"]{1,64}@([^\s@."]{1,63}\.)+[^\s@."]{1,63}$"#;
    const EXAMPLE: &'static str = "anna@example.com";

    fn check(text: &str) -> Result<String, Invalid> {
        let options =
            email_address::Options::default().with_required_tld().without_display_text().without_domain_literal();
        // A quoted local part may contain anything, and no mail service gives one out.
        if text.contains('"') {
            return Err(Invalid::Email);
        }
        email_address::EmailAddress::parse_with_options(text, options).map_err(|_ignored| Invalid::Email)?;
        if mixes_scripts(text) { Err(Invalid::Email) } else { Ok(text.to_lowercase()) }
    }
}

/// Whether a part of the address, between dots and the like, has letters of several scripts: such as a Latin word with a
/// Cyrillic `а`, which nobody tells from the real one (UTS #39). Digits and signs belong to every script.
fn mixes_scripts(address: &str) -> bool {
    let mut parts = address.split(|c: char| c.is_ascii_punctuation());
    parts.any(|part| ScriptExtension::for_str(part).is_empty())
}

#[cfg(test)]
mod tests {
    use crate::values::{Email, Invalid};

    #[test]
    fn an_address_is_bare_and_kept_in_lower_case() {
        assert_eq!(
            Email::parse("Anna@Example.com").map(|email| email.as_str().to_owned()),
            Ok("anna@example.com".to_owned())
        );
        for wrong in ["anna", "anna@", "@example.com", "anna@localhost", "Anna <anna@example.com>"] {
            assert!(Email::parse(wrong).is_err(), "{wrong}");
        }
    }

    /// RFC 5321, 4.5.3.1.1, and RFC 1035, 2.3.4. The pattern says so, too.
    #[test]
    fn the_parts_of_an_address_are_bounded() {
        let of = |local: usize, label: usize| format!("{}@{}.example", "a".repeat(local), "b".repeat(label));
        assert!(Email::parse(&of(64, 63)).is_ok());
        for wrong in [of(65, 63), of(64, 64), "\"a b\"@example.com".to_owned()] {
            assert!(Email::parse(&wrong).is_err(), "{wrong}");
        }
    }

    /// UTS #39: an address that looks like another one.
    #[test]
    fn an_address_does_not_mix_scripts() {
        for homograph in
            ["аnna@example.com", "anna@exаmple.com", "anna@example.cоm", "pαul@example.com", "anna.рetrova@a.example"]
        {
            assert_eq!(Email::parse(homograph).map(|_| ()), Err(Invalid::Email), "{homograph}");
        }
        for right in [
            "анна@пример.рф",
            "anna.petrova-2@example.com",
            "анна2@example.com",
            "山田太郎@example.jp",
            "anna+x_y@a-b.example",
        ] {
            assert!(Email::parse(right).is_ok(), "{right}");
        }
    }
}
