//! The fields of clients that a column can fill, and the heads by which they are guessed.

use crate::{custom::CustomResource, imports::fields::Fields};

/// All of them.
pub const FIELDS: Fields =
    Fields { all: ALL, guesses: GUESSES, own: &[("", CustomResource::Clients), (CONTACT, CustomResource::Contacts)] };

/// What the names of the contact's fields begin with.
pub const CONTACT: &str = "contact.";

/// All fields of clients.
const ALL: &[&str] = &[
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
