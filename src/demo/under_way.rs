//! What is under way at the company today: an order and a contract in each status on the way, so that every step can be
//! tried. The source has none of this.

use chrono::{Datelike, Duration};

use super::{Company, catalogue::CURRENCY};
use crate::{
    access::{Role, Scope, Update, UserId},
    access_requests,
    change::Tx,
    client_merges::{self, NewClientMerge},
    clients::{self, AllowDuplicate, Client, ClientStart, Kind},
    contracts::{self, ContractStart, ContractStatus, ContractTerms, Past, Side, Signatory},
    db::Jsonb,
    departments::DepartmentId,
    departures,
    error::{Error, Result},
    http::{IfMatch, Parts},
    orders::{self, LineTerms, Order, OrderNumber, OrderStatus, OrderTerms, PastOrder, Priority, Transition},
    products::Product,
    service_accounts::{self, ScopeName, Scopes, ServiceAccountTerms},
    values::{Amount, CurrencyCode, Day, Line, Name, Percent, Quantity, Text},
};

/// The orders, in the sequence of their ids. Each is tried with another step by the document's examples, which name it by
/// its place.
const ORDERS: [OrderStatus; 18] = [
    OrderStatus::Draft,
    OrderStatus::Draft,
    OrderStatus::Submitted,
    OrderStatus::Submitted,
    OrderStatus::Rejected,
    OrderStatus::Approved,
    OrderStatus::Approved,
    OrderStatus::HandedOver,
    OrderStatus::HandedOver,
    OrderStatus::Accepted,
    OrderStatus::InProgress,
    OrderStatus::Fulfilled,
    OrderStatus::Submitted,
    OrderStatus::HandedOver,
    OrderStatus::HandedOver,
    OrderStatus::Accepted,
    OrderStatus::Accepted,
    OrderStatus::Accepted,
];
/// What is asked about some of the orders, by their places.
const ASKED: [(usize, Transition, &str); 3] = [
    (14, Transition::Ask, "Which of the two gates?"),
    (16, Transition::RequestCancellation, "The client has no room for it"),
    (17, Transition::RequestCancellation, "The client has found it elsewhere"),
];
/// The contracts, in the sequence of their ids, after those in force.
const CONTRACTS: [ContractStatus; 7] = [
    ContractStatus::Draft,
    ContractStatus::InReview,
    ContractStatus::InReview,
    ContractStatus::InReview,
    ContractStatus::Approved,
    ContractStatus::Draft,
    ContractStatus::Draft,
];

/// The customer, the products and the department of what is under way, by their numbers in the source.
const CUSTOMER: &str = "ALFKI";
const PRODUCTS: [u32; 2] = [3, 4];
const DEPARTMENT: u32 = 1;

/// Writes the orders. They come before all others, so that their ids are known.
///
/// # Errors
/// When the database fails.
pub async fn load_orders(tx: &mut Tx<'_>, company: &Company<'_>) -> Result<()> {
    let mut all = Vec::new();
    for status in ORDERS {
        let number = orders::next_number(tx).await?;
        all.push(order(tx, company, number, status)?);
    }
    let all = orders::record_all(tx, &Scope::system(), all).await?;
    for (place, step, reason) in ASKED {
        let order = all.get(place).ok_or_else(|| Error::internal("no such order"))?;
        let reason = Text::parse(reason).ok();
        orders::talk(tx, &Scope::<Order, Update>::system(), order.order.id, &IfMatch::Any, step, reason).await?;
    }
    Ok(())
}

fn order(tx: &Tx<'_>, company: &Company<'_>, number: OrderNumber, status: OrderStatus) -> Result<PastOrder> {
    use OrderStatus::{Accepted, Fulfilled, HandedOver, InProgress};
    let client = customer(company)?;
    let is_handed_over = matches!(status, HandedOver | Accepted | InProgress | Fulfilled);
    let in_days = |days| tx.now().after(Duration::days(days));
    Ok(PastOrder {
        client_id: client.id,
        owner_id: client.owner_id,
        team_id: client.team_id,
        is_key: client.is_key,
        number,
        author_id: client.owner_id,
        status,
        priority: Priority::initial(client.is_key),
        currency: currency()?,
        prices_include_tax: false,
        ordered_on: tx.now().day(),
        fulfilled_on: None,
        department_id: if is_handed_over { Some(department(company)?) } else { None },
        due_at: is_handed_over.then(|| in_days(3)),
        terms: OrderTerms { requested_delivery_on: Some(in_days(7).day()), ..OrderTerms::default() },
        lines: PRODUCTS.iter().map(|number| line(company.products.get(number))).collect::<Result<_>>()?,
    })
}

fn line(product: Option<&Product>) -> Result<LineTerms> {
    let product = product.ok_or_else(|| Error::internal("no such product"))?;
    Ok(LineTerms {
        product_id: product.id,
        name: product.terms.name.clone(),
        unit: product.terms.unit.clone(),
        quantity: Quantity::new(12.into()).map_err(Error::internal)?,
        unit_price: product.terms.base_price,
        discount_percent: Percent::new(0.into()).map_err(Error::internal)?,
        tax_rate: product.terms.tax_rate,
        tax_reason: None,
    })
}

/// Writes the contracts of the coming year.
///
/// # Errors
/// When the database fails.
pub async fn load_contracts(tx: &mut Tx<'_>, company: &Company<'_>) -> Result<()> {
    let client = customer(company)?;
    // The document's example signs on a day after this one.
    let drafted_on = day(2026, 11, 20)?;
    for status in CONTRACTS {
        let year = tx.now().utc().year() + 1;
        let terms = ContractTerms {
            title: text(&format!("Supply of foodstuffs {year}"))?,
            amount: Some(Amount::new(20_000.into()).map_err(Error::internal)?),
            amount_includes_tax: false,
            currency: currency()?,
            payment_terms: Text::parse("30 days after delivery").ok(),
            starts_on: day(year, 1, 1)?,
            ends_on: Some(day(year, 12, 31)?),
            auto_renew: true,
            notice_days: 60,
            signatories: Jsonb(vec![
                Signatory { name: text("Maria Anders")?, position: None, side: Side::Client },
                Signatory { name: text("Andrew Fuller")?, position: None, side: Side::Ours },
            ]),
            custom_fields: Jsonb::default(),
            external_ids: Jsonb::default(),
        };
        let past = Past {
            status,
            author_id: client.owner_id,
            approved_by: Some(company.approver),
            created_at: drafted_on.start(),
            signed_on: drafted_on,
        };
        let start = ContractStart { client_id: client.id };
        contracts::insert_past(tx, &Scope::system(), Parts(start, terms), past).await?;
    }
    Ok(())
}

/// Lets three users ask for access to the first customer.
///
/// # Errors
/// When the database fails.
pub async fn load_access_requests(tx: &mut Tx<'_>, company: &Company<'_>) -> Result<()> {
    let client = customer(company)?;
    let mut others: Vec<UserId> = company.users.values().map(|user| user.id).collect();
    others.retain(|user| ![client.owner_id, company.approver].contains(user));
    others.sort_by_key(|user| user.uuid());
    for user in others.into_iter().take(3) {
        access_requests::record(tx, client, user, text("They asked us for an offer at the fair.")?).await?;
    }
    Ok(())
}

/// Enters the first customer once more, as happens, and archives the double.
///
/// # Errors
/// When the database fails.
pub async fn load_archived_client(tx: &mut Tx<'_>, company: &Company<'_>) -> Result<()> {
    let double = enter_again(tx, customer(company)?, "double").await?;
    departures::archive(tx, &Scope::system(), double.id, &IfMatch::Any).await?;
    Ok(())
}

/// Enters the first customer twice more, and merges what was entered into it.
///
/// # Errors
/// When the database fails.
pub async fn load_merges(tx: &mut Tx<'_>, company: &Company<'_>) -> Result<()> {
    let client = customer(company)?;
    for name in ["second entry", "third entry"] {
        let double = enter_again(tx, client, name).await?;
        let reason = Some(text("Entered once more")?);
        let new = NewClientMerge { survivor_id: client.id, merged_id: double.id, take: Vec::new(), reason };
        client_merges::merge(tx, &Scope::system(), new).await?;
    }
    Ok(())
}

async fn enter_again(tx: &mut Tx<'_>, client: &Client, name: &str) -> Result<Client> {
    let allow_duplicate = Some(AllowDuplicate { reason: text("Entered once more")? });
    let start = ClientStart { kind: Kind::Organization, owner_id: Some(client.owner_id), allow_duplicate };
    let mut terms = client.terms.clone();
    terms.name = Name::parse(&format!("{} ({name})", client.terms.name.as_str())).map_err(Error::internal)?;
    terms.external_ids = Jsonb::default();
    clients::insert(tx, &Scope::system(), Parts(start, terms)).await
}

/// Creates the account with which the first carrier's system takes its orders over. It has no key yet.
///
/// # Errors
/// When the database fails.
pub async fn load_service_account(tx: &mut Tx<'_>, company: &Company<'_>) -> Result<()> {
    let scope = |name| ScopeName::parse(name).map_err(Error::internal);
    let terms = ServiceAccountTerms {
        name: text("Shipping system")?,
        description: Text::parse("Takes the carrier's orders over.").ok(),
        role: Role::Supervisor,
        team_id: customer(company)?.team_id,
        scopes: Scopes(vec![scope("orders:read")?, scope("orders:execute")?]),
        allowed_networks: Jsonb(Vec::new()),
        department_ids: Jsonb(vec![department(company)?]),
    };
    service_accounts::insert(tx, &Scope::system(), terms).await?;
    Ok(())
}

fn customer<'c>(company: &'c Company<'_>) -> Result<&'c Client> {
    company.clients.get(CUSTOMER).ok_or_else(|| Error::internal("no such customer"))
}

fn department(company: &Company<'_>) -> Result<DepartmentId> {
    company.departments.get(&DEPARTMENT).copied().ok_or_else(|| Error::internal("no such department"))
}

fn text(text: &str) -> Result<Line> {
    Line::parse(text).map_err(Error::internal)
}

fn currency() -> Result<CurrencyCode> {
    CurrencyCode::parse(CURRENCY).map_err(Error::internal)
}

fn day(year: i32, month: u32, day: u32) -> Result<Day> {
    chrono::NaiveDate::from_ymd_opt(year, month, day).map(Day::from).ok_or_else(|| Error::internal("no such day"))
}
