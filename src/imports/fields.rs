//! The fields that a column can fill, and the heads by which they are guessed.

use crate::custom::CustomResource;

/// The fields of one kind of rows.
#[derive(Clone, Copy, Debug)]
pub struct Fields {
    /// All fields.
    pub all: &'static [&'static str],
    /// Heads as companies write them, by field, in lower case and without punctuation.
    pub guesses: &'static [(&'static str, &'static [&'static str])],
    /// The resources whose own fields columns can fill, with what their names begin with.
    pub own: &'static [(&'static str, CustomResource)],
}

impl Fields {
    /// The field that a column with this head most likely fills. The names of the fields themselves are heads, too, so that an
    /// export can be imported.
    pub fn guess(self, head: &str) -> Option<&'static str> {
        let exact = head.trim().to_lowercase();
        if let Some(field) = self.all.iter().find(|field| **field == exact) {
            return Some(field);
        }
        let plain = plain(head);
        self.guesses.iter().find(|(_, heads)| heads.contains(&plain.as_str())).map(|(field, _)| *field)
    }
}

/// A head in lower case, without punctuation.
pub fn plain(head: &str) -> String {
    let lower = head.to_lowercase().replace('ё', "е");
    let words = lower.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use crate::imports::{kinds::fields_of, model::ImportResource};

    #[test]
    fn heads_are_guessed_in_both_languages() {
        for (head, field) in [
            ("Компания", Some("name")),
            ("ИНН", Some("tax_id")),
            ("Эл. почта", Some("email")),
            ("Ответственный", Some("owner")),
            ("Дата последней сделки", Some("last_deal_on")),
            ("company_name", Some("name")),
            ("contact_title", Some("contact.job_title")),
            ("address.city", Some("address.city")),
            ("E-mail", Some("email")),
            ("№", None),
            ("fax", None),
        ] {
            assert_eq!(fields_of(ImportResource::Clients).guess(head), field, "{head}");
        }
        for resource in [ImportResource::Clients, ImportResource::Products, ImportResource::Orders] {
            let fields = fields_of(resource);
            assert!(fields.guesses.iter().all(|(field, _)| fields.all.contains(field)), "{resource:?}");
        }
    }
}
