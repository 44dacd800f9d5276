//! The customers as clients, with their contacts.

use std::collections::{HashMap, HashSet};

use super::northwind::{self, Customer, Northwind};
use crate::{
    access::{Role, Scope, Update},
    change::Tx,
    clients::{self, Address, Client, ClientStart, ClientTerms, Kind, Transition},
    contacts::{self, ContactId, ContactStart, ContactTerms, DecisionRole},
    db::Jsonb,
    erasures::{self, NewErasure},
    error::{Error, Result},
    http::{IfMatch, Parts},
    users::User,
    values::{CountryCode, Line, Name, Phone, Text, TimeZone, from_region},
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
        let start = ClientStart { kind: Kind::Organization, owner_id: Some(owner.id), allow_duplicate: None };
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

/// The customer, the twenty-fifth, whose contact left.
const LEFT: &str = "FRANK";
/// The customer, the twenty-seventh, whose contact asked to be forgotten.
const FORGOTTEN: &str = "FRANS";

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
            name: Name::parse(&customer.contact_name).map_err(Error::internal)?,
            job_title: Line::parse(&customer.contact_title).ok(),
            decision_role: decision_role(&customer.contact_title),
            email: None,
            other_emails: Jsonb::default(),
            phone: client.terms.phone.clone(),
            other_phones: Jsonb::default(),
            messengers: Jsonb::default(),
            is_primary: true,
            consents: Jsonb::default(),
            custom_fields: Jsonb::default(),
            external_ids: Jsonb::default(),
        };
        let contact =
            contacts::insert(tx, &Scope::system(), Parts(ContactStart { client_id: client.id }, terms)).await?;
        contacts.insert(number, contact.id);
    }
    Ok(contacts)
}

/// Notes that the person at one customer left it.
///
/// # Errors
/// When the database fails.
pub async fn retire_contact(tx: &mut Tx<'_>, contacts: &HashMap<&str, ContactId>) -> Result<()> {
    let left = contacts.get(LEFT).copied().ok_or_else(|| Error::internal("a customer without a contact"))?;
    contacts::retire(tx, &Scope::system(), left, &IfMatch::Any, None).await.map(drop)
}

/// Erases the personal data of the person at one customer.
///
/// # Errors
/// When the database fails.
pub async fn erase_contact(tx: &mut Tx<'_>, contacts: &HashMap<&str, ContactId>) -> Result<()> {
    let person = contacts.get(FORGOTTEN).copied().ok_or_else(|| Error::internal("a customer without a contact"))?;
    let reason = Text::parse("The person asked for it").map_err(Error::internal)?;
    erasures::erase_contact(tx, &Scope::system(), person, &IfMatch::Any, NewErasure { reason }).await.map(drop)
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
        name: Name::parse(&customer.company_name).map_err(Error::internal)?,
        legal_name: None,
        tax_id: None,
        kpp: None,
        registration_number: None,
        foreign_ids: Jsonb::default(),
        bank_accounts: Jsonb::default(),
        parent_id: None,
        industry: Text::parse("Food retail and catering").ok(),
        source: Text::parse("Northwind").ok(),
        email: None,
        other_emails: Jsonb::default(),
        phone: country.and_then(|country| phone(&customer.phone, country)),
        other_phones: Jsonb::default(),
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
        external_ids: northwind::known_as(&customer.customer_id)?,
        custom_fields: Jsonb::default(),
        credit_limit: None,
        margin_percent: None,
        confidential_note: None,
        confidential_custom_fields: None,
    })
}

/// The codes for a country of the source.
#[derive(Clone, Copy)]
struct Country {
    name: &'static str,
    code: &'static str,
    timezone: &'static str,
}

#[rustfmt::skip]
const COUNTRIES: &[Country] = &[
    Country { name: "Argentina",   code: "AR", timezone: "America/Argentina/Buenos_Aires" },
    Country { name: "Austria",     code: "AT", timezone: "Europe/Vienna" },
    Country { name: "Belgium",     code: "BE", timezone: "Europe/Brussels" },
    Country { name: "Brazil",      code: "BR", timezone: "America/Sao_Paulo" },
    Country { name: "Canada",      code: "CA", timezone: "America/Toronto" },
    Country { name: "Denmark",     code: "DK", timezone: "Europe/Copenhagen" },
    Country { name: "Finland",     code: "FI", timezone: "Europe/Helsinki" },
    Country { name: "France",      code: "FR", timezone: "Europe/Paris" },
    Country { name: "Germany",     code: "DE", timezone: "Europe/Berlin" },
    Country { name: "Ireland",     code: "IE", timezone: "Europe/Dublin" },
    Country { name: "Italy",       code: "IT", timezone: "Europe/Rome" },
    Country { name: "Mexico",      code: "MX", timezone: "America/Mexico_City" },
    Country { name: "Norway",      code: "NO", timezone: "Europe/Oslo" },
    Country { name: "Poland",      code: "PL", timezone: "Europe/Warsaw" },
    Country { name: "Portugal",    code: "PT", timezone: "Europe/Lisbon" },
    Country { name: "Spain",       code: "ES", timezone: "Europe/Madrid" },
    Country { name: "Sweden",      code: "SE", timezone: "Europe/Stockholm" },
    Country { name: "Switzerland", code: "CH", timezone: "Europe/Zurich" },
    Country { name: "UK",          code: "GB", timezone: "Europe/London" },
    Country { name: "USA",         code: "US", timezone: "America/New_York" },
    Country { name: "Venezuela",   code: "VE", timezone: "America/Caracas" },
];

fn country(name: &str) -> Option<Country> {
    COUNTRIES.iter().find(|country| country.name == name).copied()
}

/// The source has national numbers, of which some were made up.
fn phone(text: &str, country: Country) -> Option<Phone> {
    from_region(country.code.parse().ok(), || Phone::parse(text).ok())
}

#[cfg(test)]
mod tests {
    use super::{Northwind, country, phone};

    #[test]
    fn every_customer_has_a_known_country_and_most_a_number_to_call() {
        let customers = Northwind::read().unwrap().customers;
        let can_be_called = |customer: &&super::Customer| {
            let country = country(&customer.country).unwrap_or_else(|| panic!("{}", customer.country));
            phone(&customer.phone, country).is_some()
        };
        let numbers = customers.iter().filter(can_be_called).count();
        assert_eq!((numbers, customers.len()), (48, 91));
    }
}
