//! What a row says: a client, its owner, a contact, and everything that is wrong. The values are checked where those of every
//! other client are: the row is read as the body that would create it.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::{
    dates,
    model::{Import, WrongValues},
    owners::Owners,
    row::Note,
    rows::Loaded,
};
use crate::{
    access::{Actor, Caller, Reach, UserId},
    clients::{ClientTerms, Kind},
    contacts::ContactTerms,
    error::{Error, FieldError},
    http::{Terms, body::parse_document},
    values::{Day, Invalid, Language, PhoneRegion, Prose, Say, from_region, members_of},
};

/// What a row says.
pub struct Entry {
    /// The client, as far as it can be read; `None` without a name.
    pub client: Option<(Kind, ClientTerms)>,
    /// Who is to own it; the importing user when left out.
    pub owner: Option<UserId>,
    /// The contact.
    pub contact: Option<ContactTerms>,
    /// What the contact with the company was before.
    pub past: Past,
    /// Everything that is wrong, or left out.
    pub notes: Vec<Note>,
    /// Whether what is wrong keeps the row from being applied.
    pub is_wrong: bool,
}

/// What is known of the time before.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Past {
    pub last_deal_on: Option<Day>,
    pub comment: Option<Prose>,
}

/// How the rows of an import are read.
pub struct Reader<'i> {
    import: &'i Import,
    owners: &'i Owners,
    language: Language,
    region: Option<PhoneRegion>,
    sees_confidential: bool,
    today: Day,
}

/// The values of a row by the fields that they fill.
struct Values<'r> {
    by_field: BTreeMap<&'r str, (usize, &'r str)>,
}

impl<'i> Reader<'i> {
    /// As `actor` reads them.
    pub fn new(import: &'i Import, owners: &'i Owners, actor: &Actor, caller: &Caller, today: Day) -> Self {
        Self {
            import,
            owners,
            language: caller.locale.language,
            region: import
                .terms
                .phone_region
                .as_ref()
                .map_or(caller.organization.phone_region, |one| one.as_str().parse().ok()),
            sees_confidential: actor.reach("clients:read_confidential") > Reach::None,
            today,
        }
    }

    /// What `row` says.
    pub fn read(&self, row: &Loaded) -> Entry {
        let mut entry = Entry {
            client: None,
            owner: None,
            contact: None,
            past: Past::default(),
            notes: Vec::new(),
            is_wrong: true,
        };
        if let Some(note) = self.broken(row) {
            entry.notes.push(note);
            return entry;
        }
        let values = self.values(row);
        let mut wrong: Vec<(Option<usize>, Invalid)> = Vec::new();
        let region = values.get("address.country").and_then(|(_, country)| region_of(country)).or(self.region);
        entry.client = from_region(region, || self.client(&values, &mut wrong));
        entry.contact = from_region(region, || Self::contact(&values, &mut wrong));
        entry.owner = self.owner(&values, &mut wrong);
        entry.past = self.past(&values, &mut wrong);
        entry.notes = wrong.iter().map(|(at, invalid)| self.note(*at, invalid)).collect();
        let may_leave_out = self.import.terms.wrong_values == WrongValues::LeaveOut;
        entry.is_wrong = entry.client.is_none() || (!wrong.is_empty() && !may_leave_out);
        if !self.sees_confidential {
            entry.notes.extend(self.hidden(&values));
        }
        entry
    }

    fn values<'r>(&'r self, row: &'r Loaded) -> Values<'r> {
        let mut by_field = BTreeMap::new();
        for (at, field) in self.import.terms.mapping.0.iter().enumerate() {
            let (Some(field), Some(cell)) = (field, row.cells.0.get(at)) else { continue };
            let cell = cell.trim_matches(|c: char| c.is_whitespace() || c == '\u{A0}');
            if !cell.is_empty() {
                by_field.insert(field.as_str(), (at, cell));
            }
        }
        Values { by_field }
    }

    fn broken(&self, row: &Loaded) -> Option<Note> {
        let width = self.import.heads.0.len();
        let surplus = row.cells.0.iter().skip(width).any(|cell| !cell.trim().is_empty());
        let (code, say) = match row.broken.as_deref() {
            Some("unclosed_quote") => ("unclosed_quote", unclosed_quote()),
            Some("other_encoding") => (
                "other_encoding",
                Say::new("This line is not in the encoding of the file.", "Эта строка не в кодировке файла."),
            ),
            Some(_) => ("too_long", Say::new("A value is too long.", "Значение слишком длинное.")),
            None if surplus => (
                "too_many_columns",
                Say::new("The row has more values than there are columns.", "В строке больше значений, чем столбцов."),
            ),
            None => return None,
        };
        Some(Note { column: None, head: None, code: code.to_owned(), detail: say.text(self.language).to_owned() })
    }

    fn note(&self, at: Option<usize>, invalid: &Invalid) -> Note {
        Note {
            column: at.and_then(|at| i64::try_from(at + 1).ok()),
            head: at.and_then(|at| self.import.heads.0.get(at).cloned()),
            code: invalid.code().to_owned(),
            detail: invalid.say().text(self.language).to_owned(),
        }
    }

    /// The confidential values that whoever imports may not write. They are left out, and told.
    fn hidden(&self, values: &Values<'_>) -> Vec<Note> {
        let say = Say::new(
            "You may not write this field, so it is left out.",
            "Вам нельзя записывать это поле, поэтому оно пропущено.",
        );
        let confidential = members_of::<ClientTerms>().confidential().iter().filter_map(|field| values.get(field));
        confidential.map(|(at, _)| self.note(Some(at), &Invalid::Rule("left_out", say.clone()))).collect()
    }

    fn client(&self, values: &Values<'_>, wrong: &mut Vec<(Option<usize>, Invalid)>) -> Option<(Kind, ClientTerms)> {
        let mut body = Map::new();
        let mut address = Map::new();
        for (field, (_, cell)) in &values.by_field {
            match *field {
                "kind" | "owner" | "last_deal_on" | "comment" => {}
                field if field.starts_with("contact.") => {}
                "address.country" => drop(address.insert("country".to_owned(), json!(country(cell)))),
                field if field.starts_with("address.") => {
                    drop(address.insert(field.trim_start_matches("address.").to_owned(), json!(cell)));
                }
                "credit_limit" | "margin_percent" | "confidential_note" if !self.sees_confidential => {}
                "credit_limit" | "margin_percent" => drop(body.insert((*field).to_owned(), json!(dates::amount(cell)))),
                "employees" => {
                    let number =
                        dates::amount(cell).parse::<i64>().map_or_else(|_no| json!(cell), |number| json!(number));
                    body.insert("employees".to_owned(), number);
                }
                "tags" => drop(body.insert("tags".to_owned(), json!(parts(cell, &[',', ';'])))),
                "tax_id" | "kpp" | "registration_number" => {
                    let digits: String = cell.chars().filter(|c| !c.is_whitespace()).collect();
                    body.insert((*field).to_owned(), json!(digits));
                }
                "phone" => several(&mut body, "phone", "other_phones", "number", telephones(cell)),
                "email" => several(&mut body, "email", "other_emails", "address", parts(cell, &[',', ';', ' '])),
                field => drop(body.insert(field.to_owned(), json!(cell))),
            }
        }
        if !address.is_empty() {
            body.insert("address".to_owned(), Value::Object(address));
        }
        if let Some(source) = self.import.terms.external_source.as_ref().filter(|_| body.contains_key("external_id")) {
            body.insert("external_source".to_owned(), json!(source));
        }
        let place = |pointer: &str| match pointer.split('/').nth(1).unwrap_or_default() {
            "other_phones" => values.place("phone"),
            "other_emails" => values.place("email"),
            "external_source" => values.place("external_id"),
            "address" => values.place(&format!("address.{}", pointer.split('/').nth(2).unwrap_or_default())),
            field => values.place(field),
        };
        if let Some((at, _)) =
            values.get("name").filter(|(_, name)| name.matches('«').count() != name.matches('»').count())
        {
            wrong.push((Some(at), Invalid::Rule("unclosed_quote", unclosed_quote())));
        }
        let terms: Option<ClientTerms> = salvaged(body, ClientTerms::breaches, &place, wrong);
        let kind = Self::kind(values, terms.as_ref(), wrong);
        terms.map(|terms| (kind, terms))
    }

    /// A sole trader is a person, and so is who has a taxpayer number of twelve digits.
    fn kind(values: &Values<'_>, terms: Option<&ClientTerms>, wrong: &mut Vec<(Option<usize>, Invalid)>) -> Kind {
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

    fn contact(values: &Values<'_>, wrong: &mut Vec<(Option<usize>, Invalid)>) -> Option<ContactTerms> {
        values.get("contact.name")?;
        let mut body = Map::new();
        for field in ["name", "job_title", "phone", "email"] {
            if let Some((_, cell)) = values.get(&format!("contact.{field}")) {
                body.insert(field.to_owned(), json!(cell));
            }
        }
        body.insert("is_primary".to_owned(), json!(true));
        let place = |pointer: &str| values.place(&format!("contact.{}", pointer.split('/').nth(1).unwrap_or_default()));
        salvaged(body, ContactTerms::breaches, &place, wrong)
    }

    fn owner(&self, values: &Values<'_>, wrong: &mut Vec<(Option<usize>, Invalid)>) -> Option<UserId> {
        let fallback = self.import.terms.default_owner_id;
        let Some((at, text)) = values.get("owner") else { return fallback };
        let found = self.owners.find(text).or(fallback);
        if found.is_none() {
            wrong.push((Some(at), Invalid::UnknownReference));
        }
        found
    }

    fn past(&self, values: &Values<'_>, wrong: &mut Vec<(Option<usize>, Invalid)>) -> Past {
        let mut past = Past::default();
        if let Some((at, text)) = values.get("last_deal_on") {
            match dates::day(text) {
                Ok(day) if day > self.today => {
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
}

impl<'r> Values<'r> {
    fn get(&self, field: &str) -> Option<(usize, &'r str)> {
        self.by_field.get(field).copied()
    }

    fn place(&self, field: &str) -> Option<usize> {
        self.get(field).map(|(at, _)| at)
    }
}

/// The `T` of `body` without the members that are wrong, which are noted. `None` when it needs one of them.
fn salvaged<T: DeserializeOwned + ToSchema + 'static>(
    mut body: Map<String, Value>,
    rules: fn(&T) -> Vec<FieldError>,
    place: &impl Fn(&str) -> Option<usize>,
    wrong: &mut Vec<(Option<usize>, Invalid)>,
) -> Option<T> {
    let mut told = BTreeSet::new();
    // What is left may break a rule between members that only shows then.
    for _ in 0..3 {
        let error: Error = match parse_document(&Value::Object(body.clone()), rules) {
            Ok(value) => return Some(value),
            Err(error) => error,
        };
        for field in error.into_fields() {
            let (pointer, invalid) = field.into_parts();
            let member = pointer.split('/').nth(1).unwrap_or_default().to_owned();
            body.remove(&member);
            if told.insert((place(&pointer), invalid.code())) {
                wrong.push((place(&pointer), invalid));
            }
        }
    }
    None
}

fn unclosed_quote() -> Say {
    Say::new("A quote is not closed.", "Кавычка не закрыта.")
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
