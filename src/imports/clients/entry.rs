//! What a row says: a client, its owner, a contact, and what passed before. The values are checked where those of every other
//! client are: the row is read as the body that would create it.

use serde_json::{Map, Value, json};

use super::fields::CONTACT;
use crate::{
    access::UserId,
    clients::{ClientTerms, Kind},
    contacts::ContactTerms,
    http::Terms,
    imports::{
        reader::{Reader, Values, Wrong, known_as, salvaged, unclosed_quote},
        written,
    },
    values::{Day, Invalid, PhoneRegion, Prose, Say, from_region},
};

/// What a row says.
pub struct Entry {
    /// What the client is.
    pub kind: Kind,
    /// The client, as far as it can be read.
    pub terms: ClientTerms,
    /// Who is to own it; the importing user when left out.
    pub owner: Option<UserId>,
    /// The contact.
    pub contact: Option<ContactTerms>,
    /// What the contact with the company was before.
    pub past: Past,
}

/// What is known of the time before.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Past {
    /// When the last deal was.
    pub last_deal_on: Option<Day>,
    /// What is said of it.
    pub comment: Option<Prose>,
}

/// What a row says; `None` without a name.
pub fn read(reader: &Reader<'_>, values: &Values<'_>, wrong: &mut Wrong) -> Option<Entry> {
    let region = values.get("address.country").and_then(|(_, country)| region_of(country)).or(reader.region);
    let client = from_region(region, || client(reader, values, wrong));
    let contact = from_region(region, || contact(reader, values, wrong));
    let owner = owner(reader, values, wrong);
    let past = past(reader, values, wrong);
    let (kind, terms) = client?;
    Some(Entry { kind, terms, owner, contact, past })
}

fn client(reader: &Reader<'_>, values: &Values<'_>, wrong: &mut Wrong) -> Option<(Kind, ClientTerms)> {
    let mut body = Map::new();
    let mut address = Map::new();
    for (field, cell) in values.iter() {
        match field {
            "kind" | "owner" | "last_deal_on" | "comment" | "external_id" => {}
            field if !reader.takes(field) || field.starts_with(CONTACT) => {}
            "address.country" => drop(address.insert("country".to_owned(), json!(country(cell)))),
            field if field.starts_with("address.") => {
                drop(address.insert(field.trim_start_matches("address.").to_owned(), json!(cell)));
            }
            "credit_limit" | "margin_percent" => drop(body.insert(field.to_owned(), json!(written::amount(cell)))),
            "employees" => {
                let number =
                    written::amount(cell).parse::<i64>().map_or_else(|_no| json!(cell), |number| json!(number));
                body.insert("employees".to_owned(), number);
            }
            "tags" => drop(body.insert("tags".to_owned(), json!(parts(cell, &[',', ';'])))),
            "tax_id" | "kpp" | "registration_number" => {
                let digits: String = cell.chars().filter(|c| !c.is_whitespace()).collect();
                body.insert(field.to_owned(), json!(digits));
            }
            "phone" => several(&mut body, "phone", "other_phones", "number", telephones(cell)),
            "email" => several(&mut body, "email", "other_emails", "address", parts(cell, &[',', ';', ' '])),
            field => drop(body.insert(field.to_owned(), json!(cell))),
        }
    }
    if !address.is_empty() {
        body.insert("address".to_owned(), Value::Object(address));
    }
    body.extend(reader.own_values(values, "", wrong));
    body.insert("external_ids".to_owned(), known_as(reader.import, values, wrong).into());
    let place = |pointer: &str| match pointer.split('/').nth(1).unwrap_or_default() {
        "other_phones" => values.place("phone"),
        "other_emails" => values.place("email"),
        "external_ids" => values.place("external_id"),
        _ => values.place_of(pointer),
    };
    if let Some((at, _)) = values.get("name").filter(|(_, name)| name.matches('«').count() != name.matches('»').count())
    {
        wrong.push((Some(at), Invalid::Rule("unclosed_quote", unclosed_quote())));
    }
    let terms: Option<ClientTerms> = salvaged(body, ClientTerms::breaches, &place, wrong);
    let kind = kind(values, terms.as_ref(), wrong);
    terms.map(|terms| (kind, terms))
}

/// A sole trader is a person, and so is who has a taxpayer number of twelve digits.
fn kind(values: &Values<'_>, terms: Option<&ClientTerms>, wrong: &mut Wrong) -> Kind {
    let is_trader = |name: &str| name.to_uppercase().starts_with("ИП ");
    let guessed = terms.is_some_and(|terms| {
        let number = terms.tax_id.as_ref().map(|number| number.as_str().len());
        number == Some(12) || (number.is_none() && is_trader(terms.name.as_str()))
    });
    let guessed = if guessed { Kind::Person } else { Kind::Organization };
    let Some((at, word)) = values.get("kind") else { return guessed };
    match word.to_lowercase().as_str() {
        "person" | "individual" | "физлицо" | "физическое лицо" | "человек" | "ип" => {
            Kind::Person
        }
        "organization" | "company" | "юрлицо" | "юридическое лицо" | "организация" | "компания" => {
            Kind::Organization
        }
        _ => {
            wrong.push((Some(at), Invalid::Choice("organization, person".to_owned())));
            guessed
        }
    }
}

fn contact(reader: &Reader<'_>, values: &Values<'_>, wrong: &mut Wrong) -> Option<ContactTerms> {
    values.get("contact.name")?;
    let mut body = Map::new();
    for field in ["name", "job_title", "phone", "email"] {
        if let Some((_, cell)) = values.get(&format!("{CONTACT}{field}")) {
            body.insert(field.to_owned(), json!(cell));
        }
    }
    body.extend(reader.own_values(values, CONTACT, wrong));
    body.insert("is_primary".to_owned(), json!(true));
    let place =
        |pointer: &str| values.place(&format!("{CONTACT}{}", pointer.trim_start_matches('/').replace('/', ".")));
    salvaged(body, ContactTerms::breaches, &place, wrong)
}

fn owner(reader: &Reader<'_>, values: &Values<'_>, wrong: &mut Wrong) -> Option<UserId> {
    let fallback = reader.import.terms.default_owner_id;
    let Some((at, text)) = values.get("owner") else { return fallback };
    let found = reader.owners.find(text).or(fallback);
    if found.is_none() {
        wrong.push((Some(at), Invalid::UnknownReference));
    }
    found
}

fn past(reader: &Reader<'_>, values: &Values<'_>, wrong: &mut Wrong) -> Past {
    let mut past = Past::default();
    if let Some((at, text)) = values.get("last_deal_on") {
        match written::day(text) {
            Ok(day) if day > reader.today => {
                let say = Say::new("This day is still to come.", "Этот день ещё не наступил.");
                wrong.push((Some(at), Invalid::Rule("in_the_future", say)));
            }
            Ok(day) => past.last_deal_on = Some(day),
            Err(invalid) => wrong.push((Some(at), invalid)),
        }
    }
    if let Some((at, text)) = values.get("comment") {
        match Prose::parse(text) {
            Ok(comment) => past.comment = Some(comment),
            Err(invalid) => wrong.push((Some(at), invalid)),
        }
    }
    past
}

/// The first value fills `first`, the others `rest`.
fn several(body: &mut Map<String, Value>, first: &str, rest: &str, member: &str, values: Vec<&str>) {
    let mut values = values.into_iter();
    if let Some(value) = values.next() {
        body.insert(first.to_owned(), json!(value));
    }
    let others: Vec<Value> = values.map(|value| json!({member: value})).collect();
    if !others.is_empty() {
        body.insert(rest.to_owned(), json!(others));
    }
}

fn parts<'c>(cell: &'c str, separators: &[char]) -> Vec<&'c str> {
    cell.split(separators).map(str::trim).filter(|part| !part.is_empty()).collect()
}

/// The telephone numbers of a cell. What follows a comma is another number only when it has enough digits for one: it may be
/// an extension.
fn telephones(cell: &str) -> Vec<&str> {
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).count();
    let mut numbers = Vec::new();
    for part in parts(cell, &[';', '\n']) {
        let by_comma = parts(part, &[',']);
        match by_comma.len() > 1 && by_comma.iter().all(|number| digits(number) >= 7) {
            true => numbers.extend(by_comma),
            false => numbers.push(part),
        }
    }
    numbers
}

/// The code of a country that is given by its code or by its name.
fn country(text: &str) -> String {
    let named = match text.to_lowercase().as_str() {
        "россия" | "рф" | "российская федерация" | "russia" => Some("RU"),
        "usa" | "сша" => Some("US"),
        "uk" | "великобритания" => Some("GB"),
        "беларусь" | "белоруссия" => Some("BY"),
        "казахстан" => Some("KZ"),
        "украина" => Some("UA"),
        "германия" => Some("DE"),
        "китай" => Some("CN"),
        "venezuela" => Some("VE"),
        _ => None,
    };
    let known = named.map(str::to_owned).or_else(|| iso_country::Country::from_name(text).map(|one| one.to_string()));
    known.unwrap_or_else(|| text.to_uppercase())
}

fn region_of(text: &str) -> Option<PhoneRegion> {
    country(text).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{country, telephones};

    #[test]
    fn an_extension_is_no_number_of_its_own() {
        assert_eq!(telephones("8 (8182) 65-20-10, доб. 12"), ["8 (8182) 65-20-10, доб. 12"]);
        assert_eq!(telephones("+7 495 123-45-67, +7 495 765-43-21"), ["+7 495 123-45-67", "+7 495 765-43-21"]);
        assert_eq!(telephones("1234567; 7654321"), ["1234567", "7654321"]);
    }

    #[test]
    fn countries_are_known_by_name_and_by_code() {
        for (text, code) in
            [("Germany", "DE"), ("ru", "RU"), ("Россия", "RU"), ("USA", "US"), ("UK", "GB"), ("Mexico", "MX")]
        {
            assert_eq!(country(text), code, "{text}");
        }
    }
}
