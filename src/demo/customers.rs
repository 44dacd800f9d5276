//! The customers as clients, with their contacts.

use std::collections::{HashMap, HashSet};

use super::northwind::{Customer, Northwind};
use crate::{
    access::{Role, Scope, Update},
    change::Tx,
    clients::{self, Address, Client, ClientStart, ClientTerms, Kind, Transition},
    contacts::{self, ContactId, ContactStart, ContactTerms, DecisionRole},
    db::Jsonb,
    error::{Error, Result},
    http::{IfMatch, Parts},
    users::User,
    values::{CountryCode, Line, Phone, Text, TimeZone},
};

/// How many of the largest customers are designated as key clients.
const KEY_CLIENTS: usize = 10;

/// Creates the clients and returns them by customer number.
///
/// # Errors
/// When the database fails.
pub async fn load<'n>(
    tx: &mut Tx<'_>,
    northwind: &'n Northwind,
    users: &HashMap<u32, User>,
) -> Result<HashMap<&'n str, Client>> {
    let owners = northwind.owners();
    let buyers: HashSet<&str> = northwind.orders.iter().map(|order| order.customer_id.as_str()).collect();
    let key: HashSet<&str> = northwind.largest_customers(KEY_CLIENTS).into_iter().collect();
    let top = northwind.employees.iter().find(|employee| employee.reports_to.is_none());
    let mut clients = HashMap::new();
    for customer in &northwind.customers {
        let number = customer.customer_id.as_str();
        // Two customers never bought anything, so nobody has sold to them: they are leads of the head of the company.
        let seller = owners.get(number).copied().or_else(|| top.map(|employee| employee.employee_id));
        let owner = seller.and_then(|seller| users.get(&seller)).ok_or_else(|| Error::internal("no such employee"))?;
        let start = ClientStart { kind: Kind::Organization, owner_id: Some(owner.id) };
        let new = Parts(start, describe(customer)?);
        let mut client = clients::insert(tx, &Scope::system(), new).await?;
        if buyers.contains(number) {
            client = clients::step(tx, &Scope::<_, Update>::system(), client.id, &IfMatch::Any, Transition::Activate)
                .await?;
        }
        if key.contains(number) && owner.terms.role != Role::Manager {
            client = clients::designate(tx, &Scope::system(), client.id, &IfMatch::Any, true).await?;
        }
        clients.insert(number, client);
    }
    Ok(clients)
}

/// Creates the contacts and returns them by customer number.
///
/// # Errors
/// When the database fails.
pub async fn load_contacts<'n>(
    tx: &mut Tx<'_>,
    northwind: &'n Northwind,
    clients: &HashMap<&str, Client>,
) -> Result<HashMap<&'n str, ContactId>> {
    let mut contacts = HashMap::new();
    for customer in &northwind.customers {
        let number = customer.customer_id.as_str();
        let Some(client) = clients.get(number) else { continue };
        let terms = ContactTerms {
            name: Line::parse(&customer.contact_name).map_err(Error::internal)?,
            job_title: Line::parse(&customer.contact_title).ok(),
            decision_role: decision_role(&customer.contact_title),
            email: None,
            phone: client.terms.phone.clone(),
            messengers: Jsonb::default(),
            is_primary: true,
            consents: Jsonb::default(),
        };
        let contact =
            contacts::insert(tx, &Scope::system(), Parts(ContactStart { client_id: client.id }, terms)).await?;
        contacts.insert(number, contact.id);
    }
    Ok(contacts)
}

/// Owners and managers decide; for others, the source does not say.
fn decision_role(title: &str) -> Option<DecisionRole> {
    let decides = title.contains("Owner") || title.contains("Manager");
    decides.then_some(DecisionRole::DecisionMaker)
}

fn describe(customer: &Customer) -> Result<ClientTerms> {
    let country = country(&customer.country);
    let line = |text: &str| Line::parse(text).ok();
    Ok(ClientTerms {
        name: Line::parse(&customer.company_name).map_err(Error::internal)?,
        legal_name: None,
        tax_id: None,
        registration_number: None,
        industry: Text::parse("Food retail and catering").ok(),
        source: Text::parse("Northwind").ok(),
        email: None,
        phone: country.and_then(|country| international(&customer.phone, country)),
        messengers: Jsonb::default(),
        address: Some(Jsonb(Address {
            street: line(&customer.address),
            city: Text::parse(&customer.city).ok(),
            region: Text::parse(&customer.region).ok(),
            postal_code: Text::parse(&customer.postal_code).ok(),
            country: country.and_then(|country| CountryCode::parse(country.code).ok()),
        })),
        website: None,
        employees: None,
        language: None,
        timezone: country.and_then(|country| TimeZone::parse(country.timezone).ok()),
        tags: Text::parse(&customer.country).ok().into_iter().collect(),
        external_source: Text::parse("northwind").ok(),
        external_id: Text::parse(&customer.customer_id).ok(),
        credit_limit: None,
        margin_percent: None,
        confidential_note: None,
    })
}

/// The codes for a country of the source.
#[derive(Clone, Copy)]
struct Country {
    name: &'static str,
    code: &'static str,
    calling: &'static str,
    timezone: &'static str,
}

#[rustfmt::skip]
const COUNTRIES: &[Country] = &[
    Country { name: "Argentina",   code: "AR", calling: "54",  timezone: "America/Argentina/Buenos_Aires" },
    Country { name: "Austria",     code: "AT", calling: "43",  timezone: "Europe/Vienna" },
    Country { name: "Belgium",     code: "BE", calling: "32",  timezone: "Europe/Brussels" },
    Country { name: "Brazil",      code: "BR", calling: "55",  timezone: "America/Sao_Paulo" },
    Country { name: "Canada",      code: "CA", calling: "1",   timezone: "America/Toronto" },
    Country { name: "Denmark",     code: "DK", calling: "45",  timezone: "Europe/Copenhagen" },
    Country { name: "Finland",     code: "FI", calling: "358", timezone: "Europe/Helsinki" },
    Country { name: "France",      code: "FR", calling: "33",  timezone: "Europe/Paris" },
    Country { name: "Germany",     code: "DE", calling: "49",  timezone: "Europe/Berlin" },
    Country { name: "Ireland",     code: "IE", calling: "353", timezone: "Europe/Dublin" },
    Country { name: "Italy",       code: "IT", calling: "39",  timezone: "Europe/Rome" },
    Country { name: "Mexico",      code: "MX", calling: "52",  timezone: "America/Mexico_City" },
    Country { name: "Norway",      code: "NO", calling: "47",  timezone: "Europe/Oslo" },
    Country { name: "Poland",      code: "PL", calling: "48",  timezone: "Europe/Warsaw" },
    Country { name: "Portugal",    code: "PT", calling: "351", timezone: "Europe/Lisbon" },
    Country { name: "Spain",       code: "ES", calling: "34",  timezone: "Europe/Madrid" },
    Country { name: "Sweden",      code: "SE", calling: "46",  timezone: "Europe/Stockholm" },
    Country { name: "Switzerland", code: "CH", calling: "41",  timezone: "Europe/Zurich" },
    Country { name: "UK",          code: "GB", calling: "44",  timezone: "Europe/London" },
    Country { name: "USA",         code: "US", calling: "1",   timezone: "America/New_York" },
    Country { name: "Venezuela",   code: "VE", calling: "58",  timezone: "America/Caracas" },
];

fn country(name: &str) -> Option<Country> {
    COUNTRIES.iter().find(|country| country.name == name).copied()
}

/// The source has national numbers: the calling code is put in front, and leading zeros are removed.
fn international(phone: &str, country: Country) -> Option<Phone> {
    let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
    Phone::parse(&format!("+{}{}", country.calling, digits.trim_start_matches('0'))).ok()
}

#[cfg(test)]
mod tests {
    use super::{Northwind, country, international};

    #[test]
    fn every_customer_has_a_known_country_and_a_number_to_call() {
        for customer in Northwind::read().unwrap().customers {
            let country = country(&customer.country).unwrap_or_else(|| panic!("{}", customer.country));
            assert!(international(&customer.phone, country).is_some(), "{}", customer.phone);
        }
    }
}
