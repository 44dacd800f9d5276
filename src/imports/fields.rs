//! The fields that a column can fill, and the heads by which they are guessed.

/// All fields of clients.
pub const ALL: &[&str] = &[
    "name",
    "legal_name",
    "kind",
    "tax_id",
    "kpp",
    "registration_number",
    "phone",
    "email",
    "website",
    "address.street",
    "address.city",
    "address.region",
    "address.postal_code",
    "address.country",
    "industry",
    "source",
    "tags",
    "employees",
    "language",
    "timezone",
    "external_id",
    "credit_limit",
    "margin_percent",
    "confidential_note",
    "owner",
    "contact.name",
    "contact.job_title",
    "contact.phone",
    "contact.email",
    "last_deal_on",
    "comment",
];

/// Heads as companies write them, in lower case and without punctuation.
const GUESSES: &[(&str, &[&str])] = &[
    (
        "name",
        &[
            "name",
            "client",
            "company",
            "company name",
            "customer",
            "organization",
            "account",
            "account name",
            "клиент",
            "компания",
            "название",
            "наименование",
            "название компании",
            "организация",
            "контрагент",
            "имя клиента",
        ],
    ),
    ("legal_name", &["legal name", "юридическое название", "юр название", "полное наименование", "юридическое лицо"]),
    ("kind", &["kind", "type", "тип", "вид"]),
    ("tax_id", &["tax id", "tax number", "taxpayer number", "inn", "vat", "инн"]),
    ("kpp", &["kpp", "кпп"]),
    ("registration_number", &["registration number", "ogrn", "огрн", "огрнип"]),
    ("phone", &["phone", "telephone", "phone number", "tel", "телефон", "тел", "номер телефона", "телефоны"]),
    (
        "email",
        &["email", "e mail", "mail", "email address", "эл почта", "электронная почта", "почта", "емейл", "имейл"],
    ),
    ("website", &["website", "web site", "site", "url", "homepage", "сайт", "веб сайт"]),
    (
        "address.street",
        &["address", "street", "street address", "адрес", "улица", "юридический адрес", "почтовый адрес"],
    ),
    ("address.city", &["city", "town", "город", "населенный пункт"]),
    ("address.region", &["region", "state", "province", "регион", "область", "край"]),
    ("address.postal_code", &["postal code", "zip", "zip code", "postcode", "индекс", "почтовый индекс"]),
    ("address.country", &["country", "страна"]),
    ("industry", &["industry", "branch", "отрасль", "сфера", "сфера деятельности", "вид деятельности"]),
    ("source", &["source", "lead source", "источник", "откуда"]),
    ("tags", &["tags", "labels", "теги", "метки"]),
    ("employees", &["employees", "headcount", "сотрудников", "число сотрудников", "численность"]),
    ("language", &["language", "язык"]),
    ("timezone", &["timezone", "time zone", "часовой пояс"]),
    ("external_id", &["external id", "внешний код", "внешний номер"]),
    ("credit_limit", &["credit limit", "кредитный лимит", "лимит"]),
    ("margin_percent", &["margin", "margin percent", "маржа"]),
    ("confidential_note", &["confidential note", "конфиденциально"]),
    (
        "owner",
        &[
            "owner",
            "manager",
            "responsible",
            "account manager",
            "owner email",
            "ответственный",
            "менеджер",
            "куратор",
            "ответственное лицо",
        ],
    ),
    (
        "contact.name",
        &["contact", "contact name", "contact person", "контактное лицо", "контакт", "фио", "фио контакта"],
    ),
    (
        "contact.job_title",
        &["contact title", "contact position", "job title", "position", "должность", "должность контакта"],
    ),
    ("contact.phone", &["contact phone", "mobile", "телефон контакта", "мобильный", "мобильный телефон"]),
    ("contact.email", &["contact email", "contact e mail", "почта контакта", "эл почта контакта"]),
    (
        "last_deal_on",
        &[
            "last deal",
            "last order",
            "last deal date",
            "last order date",
            "дата последней сделки",
            "последняя сделка",
            "дата последнего заказа",
        ],
    ),
    ("comment", &["comment", "comments", "note", "notes", "комментарий", "комментарии", "примечание", "заметки"]),
];

/// The field that a column with this head most likely fills. The names of the fields themselves are heads, too, so that an
/// export can be imported.
pub fn guess(head: &str) -> Option<&'static str> {
    let exact = head.trim().to_lowercase();
    if let Some(field) = ALL.iter().find(|field| **field == exact) {
        return Some(field);
    }
    let plain = plain(head);
    GUESSES.iter().find(|(_, heads)| heads.contains(&plain.as_str())).map(|(field, _)| *field)
}

fn plain(head: &str) -> String {
    let lower = head.to_lowercase().replace('ё', "е");
    let words = lower.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::{ALL, GUESSES, guess};

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
            assert_eq!(guess(head), field, "{head}");
        }
        assert!(GUESSES.iter().all(|(field, _)| ALL.contains(field)));
    }
}
