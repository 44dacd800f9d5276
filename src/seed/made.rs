//! What each client is made of. The client of a number is the same however many there are, so an earlier one is made again to be
//! entered a second time.

use chrono::Duration;
use serde::Serialize;
use serde_json::{Value, json};
use uuid::{Builder, Uuid};

use super::{
    Share,
    dice::Dice,
    names::{self, Called},
    numbers,
    words::{ENGLISH_TOWNS, INDUSTRIES, JOBS, RUSSIAN_TOWNS, SOURCES, TAGS, Town},
};
use crate::{list::search::fold, values::Instant};

/// How many clients a user has, about.
const EACH: u32 = 1000;
/// The moment of the first identifier, in milliseconds since 1970: before everything that a server makes.
const FIRST: u64 = 1_600_000_000_000;
/// How long ago the first client was entered.
const YEARS: i64 = 4;

/// What the dice are thrown for.
pub const FOR_CLIENT: u64 = 0;
pub const FOR_COPY: u64 = 1;
const FOR_ROW: u64 = 2;

/// What is to be made.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// How many clients.
    pub clients: u32,
    /// What all chance follows from.
    pub seed: u64,
    /// How many of the clients are entered a second time.
    pub duplicates: Share,
    /// How many of those have a wrong letter in their name.
    pub typos: Share,
}

/// A user whose clients are made.
#[derive(Clone, Copy, Debug)]
pub struct Owner {
    pub id: Uuid,
    pub team_id: Uuid,
    pub may_own_key_clients: bool,
}

/// What is known of a client, whoever enters it.
#[derive(Clone, Debug, PartialEq)]
pub struct Known {
    pub is_person: bool,
    pub called: Called,
    pub name: String,
    pub town: Town,
    pub street: String,
    pub tax_id: Option<String>,
    pub kpp: Option<String>,
    pub registration_number: Option<String>,
    pub phone: Option<String>,
    pub email: Option<String>,
    pub website: Option<String>,
    pub contacts: Vec<Person>,
}

/// A person at a client.
#[derive(Clone, Debug, PartialEq)]
pub struct Person {
    pub name: String,
    pub job: &'static str,
    pub email: Option<String>,
    pub phone: Option<String>,
}

/// A row of the table of clients.
#[derive(Debug, PartialEq, Serialize)]
pub struct ClientRow {
    pub id: Uuid,
    pub created_at: Instant,
    pub updated_at: Instant,
    pub kind: &'static str,
    pub name: String,
    pub legal_name: Option<String>,
    pub tax_id: Option<String>,
    pub kpp: Option<String>,
    pub registration_number: Option<String>,
    pub industry: Option<&'static str>,
    pub status: &'static str,
    pub archived_from: Option<&'static str>,
    pub source: &'static str,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub address: Value,
    pub website: Option<String>,
    pub employees: Option<usize>,
    pub language: &'static str,
    pub timezone: &'static str,
    pub owner_id: Uuid,
    pub team_id: Uuid,
    pub is_key: bool,
    pub tags: Vec<&'static str>,
    pub last_verified_at: Option<Instant>,
    pub last_interaction_at: Option<Instant>,
    pub next_interaction_at: Option<Instant>,
    pub contact_words: String,
}

/// A row of the table of contacts.
#[derive(Debug, PartialEq, Serialize)]
pub struct ContactRow {
    pub id: Uuid,
    pub created_at: Instant,
    pub client_id: Uuid,
    pub owner_id: Uuid,
    pub team_id: Uuid,
    pub is_key: bool,
    pub name: String,
    pub job_title: &'static str,
    pub decision_role: Option<&'static str>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub is_primary: bool,
}

impl Plan {
    /// How many users share the clients.
    pub fn owners(&self) -> u32 {
        (self.clients / EACH).clamp(8, 1000)
    }

    /// The identifier of the client `number`, or of its contact `place`.
    pub fn id(&self, number: u32, place: u32) -> Uuid {
        let bytes = Dice::of(self.seed, FOR_ROW + 1 + u64::from(place), u64::from(number)).bytes();
        Builder::from_unix_timestamp_millis(FIRST + u64::from(number) * 1000 + u64::from(place), &bytes).into_uuid()
    }

    /// What is known of the client `number`.
    pub fn known(&self, number: u32) -> Known {
        match self.copy(number) {
            Some(copy) => self.entered_again(number, copy),
            None => self.first(number),
        }
    }

    /// What is known of the client `number` when it is entered for the first time.
    pub fn first(&self, number: u32) -> Known {
        let mut dice = Dice::of(self.seed, FOR_CLIENT, u64::from(number));
        let dice = &mut dice;
        let is_russian = dice.happens(0.7);
        let is_person = dice.happens(0.2);
        let town = dice.weighted(if is_russian { &RUSSIAN_TOWNS } else { &ENGLISH_TOWNS });
        let called = match is_person {
            true => Called { bare: names::person(dice, is_russian), form: "", is_russian },
            false => names::company(dice, is_russian),
        };
        let mut known = Known {
            is_person,
            name: if is_person { called.bare.clone() } else { called.usual() },
            street: street(dice, is_russian),
            tax_id: None,
            kpp: None,
            registration_number: None,
            phone: dice.happens(0.85).then(|| numbers::phone(number, town.area)),
            email: None,
            website: None,
            contacts: Vec::new(),
            called,
            town,
        };
        known.register(dice, number);
        known.put_online(dice, number);
        known.contacts = if is_person { Vec::new() } else { people(dice, is_russian, town) };
        known
    }

    /// The rows of the client `number`, of which `known` is known.
    pub fn rows(
        &self,
        number: u32,
        known: Known,
        owners: &[Owner],
        now: Instant,
    ) -> Option<(ClientRow, Vec<ContactRow>)> {
        let mut dice = Dice::of(self.seed, FOR_ROW, u64::from(number));
        let owner = *owners.get(dice.below(owners.len()))?;
        let is_key = owner.may_own_key_clients && !known.is_person && dice.happens(0.1);
        let born = self.born(number, now);
        let id = self.id(number, 0);
        let contact = |(place, person): (usize, &Person)| ContactRow {
            id: self.id(number, u32::try_from(place).unwrap_or_default() + 1),
            created_at: born,
            client_id: id,
            owner_id: owner.id,
            team_id: owner.team_id,
            is_key,
            name: person.name.clone(),
            job_title: person.job,
            decision_role: (place == 0).then_some("decision_maker"),
            email: person.email.clone(),
            phone: person.phone.clone(),
            is_primary: place == 0,
        };
        let contacts = known.contacts.iter().enumerate().map(contact).collect();
        Some((known.row(&mut dice, Begun { id, born, now, owner, is_key }), contacts))
    }

    /// When the client `number` was entered: the first ones years ago, the last ones today.
    fn born(&self, number: u32, now: Instant) -> Instant {
        let minutes = Duration::days(YEARS * 365).num_minutes();
        let left = i64::from(self.clients - number.min(self.clients));
        now.after(-Duration::minutes(minutes * left / i64::from(self.clients.max(1))))
    }
}

fn street(dice: &mut Dice, is_russian: bool) -> String {
    let house = 1 + dice.below(180);
    match is_russian {
        true => {
            format!("ул. {}, д. {house}", dice.one(&["Ленина", "Мира", "Садовая", "Лесная", "Заводская", "Гагарина"]))
        }
        false => {
            format!("{house} {}", dice.one(&["High Street", "Main Street", "Park Avenue", "Station Road", "Mill Lane"]))
        }
    }
}

fn people(dice: &mut Dice, is_russian: bool, town: Town) -> Vec<Person> {
    let count = dice.weighted(&[(0, 15), (1, 55), (2, 22), (3, 8)]);
    let person = |_| Person {
        name: names::person(dice, is_russian),
        job: dice.one(if is_russian { JOBS.split_at(4).0 } else { JOBS.split_at(4).1 }),
        email: None,
        phone: dice.happens(0.6).then(|| numbers::mobile(dice, town.area)),
    };
    (0..count).map(person).collect()
}

impl Known {
    fn register(&mut self, dice: &mut Dice, number: u32) {
        let region = self.town.region;
        match (self.called.is_russian, self.is_person) {
            (true, true) => self.tax_id = dice.happens(0.4).then(|| numbers::of_person(number, region)),
            (true, false) if dice.happens(0.75) => {
                self.tax_id = Some(numbers::of_organization(number, region));
                self.kpp = dice.happens(0.5).then(|| format!("{region}{}01001", dice.digits(2)));
                self.registration_number = dice.happens(0.6).then(|| numbers::registration(dice, region));
            }
            _ => {}
        }
    }

    /// The number keeps addresses of different companies apart.
    fn put_online(&mut self, dice: &mut Dice, number: u32) {
        let slug = self.called.slug();
        if self.is_person {
            self.email = dice.happens(0.5).then(|| format!("{slug}{number}@post.example"));
            return;
        }
        let domain = format!("{slug}-{number}.example");
        self.email =
            dice.happens(0.75).then(|| format!("{}@{domain}", dice.one(&["info", "office", "sales", "zakaz"])));
        self.website = dice.happens(0.4).then(|| format!("https://{domain}/"));
        self.contacts.iter_mut().for_each(|person| person.email = None);
    }

    fn row(self, dice: &mut Dice, begun: Begun) -> ClientRow {
        let Begun { id, born, now, owner, is_key } = begun;
        let age = (now.utc() - born.utc()).num_minutes();
        let mut since = |share: f64| dice.happens(share).then(|| now.after(-minutes(dice, age)));
        let (verified, last) = (since(0.5), since(0.7));
        let next = dice.happens(0.35).then(|| now.after(Duration::days(60) - minutes(dice, 80 * 24 * 60)));
        let status = dice.weighted(&[
            ("lead", 20),
            ("prospect", 20),
            ("active", 40),
            ("dormant", 10),
            ("lost", 7),
            ("archived", 3),
        ]);
        let words = self.contacts.iter().map(words_of).collect::<Vec<_>>().join(" ");
        let is_russian = self.called.is_russian;
        ClientRow {
            id,
            created_at: born,
            updated_at: last.max(verified).unwrap_or(born),
            kind: if self.is_person { "person" } else { "organization" },
            legal_name: (!self.is_person && self.tax_id.is_some()).then(|| self.called.usual()),
            name: self.name,
            tax_id: self.tax_id,
            kpp: self.kpp,
            registration_number: self.registration_number,
            industry: (!self.is_person).then(|| dice.one(&INDUSTRIES)),
            status,
            archived_from: (status == "archived").then_some("active"),
            source: dice.one(&SOURCES),
            email: self.email,
            phone: self.phone,
            address: json!({"street": self.street, "city": self.town.name, "region": null,
                "postal_code": null, "country": self.town.country}),
            website: self.website,
            employees: (!self.is_person && dice.happens(0.5)).then(|| 1 + dice.below(500)),
            language: if is_russian { "ru" } else { "en" },
            timezone: self.town.timezone,
            owner_id: owner.id,
            team_id: owner.team_id,
            is_key,
            tags: tags(dice),
            last_verified_at: verified,
            last_interaction_at: last,
            next_interaction_at: next,
            contact_words: words,
        }
    }
}

/// How a client begins.
#[derive(Clone, Copy)]
struct Begun {
    id: Uuid,
    born: Instant,
    now: Instant,
    owner: Owner,
    is_key: bool,
}

fn minutes(dice: &mut Dice, below: i64) -> Duration {
    Duration::minutes(i64::try_from(dice.below(usize::try_from(below).unwrap_or(1))).unwrap_or_default())
}

fn tags(dice: &mut Dice) -> Vec<&'static str> {
    let mut tags: Vec<&str> = (0..dice.below(4)).map(|_| dice.one(&TAGS)).collect();
    tags.sort_unstable();
    tags.dedup();
    tags
}

/// As the trigger of the contacts writes it, which is left out for speed.
fn words_of(person: &Person) -> String {
    let parts = [Some(&person.name), person.email.as_ref(), person.phone.as_ref()];
    fold(&parts.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" "))
}
