//! What Northwind and its customers did together: contracts, orders at their historic dates and prices, and the calls
//! around them.

use std::collections::HashMap;

use chrono::{Datelike, Duration, NaiveDate, NaiveTime};
use rust_decimal::Decimal;

use super::{
    Company,
    catalogue::CURRENCY,
    northwind::{self, Northwind, Order as Sample},
};
use crate::{
    access::{Scope, UserId},
    change::Tx,
    clients::Client,
    contracts::{self, ContractStart, ContractStatus, ContractTerms, Past, Side, Signatory},
    db::Jsonb,
    error::{Error, Result},
    http::Parts,
    interactions::{
        self, Channel, Direction, InteractionStart, InteractionTerms, NewInteraction, NextInteraction, Outcome, Purpose,
    },
    orders::{self, LineTerms, OrderId, OrderNumber, OrderStatus, OrderTerms, PastOrder, Priority},
    values::{Amount, CurrencyCode, Day, Instant, Line, Percent, Quantity, Text},
};

/// How many of the largest customers have a contract.
const CONTRACTS: usize = 10;
/// How many of each customer's last orders get an interaction.
const CALLS: usize = 3;

/// Creates this year's contracts of the largest customers, each for 1.5 times what the customer bought in all.
///
/// # Errors
/// When the database fails.
pub async fn load_contracts(tx: &mut Tx<'_>, northwind: &Northwind, company: &Company<'_>) -> Result<()> {
    let revenue = northwind.revenue();
    let year = tx.now().utc().year();
    for customer in northwind.largest_customers(CONTRACTS) {
        let (Some(client), Some(bought)) = (company.clients.get(customer), revenue.get(customer)) else { continue };
        let contact = northwind.customers.iter().find(|known| known.customer_id == customer);
        let Some(contact) = contact else { continue };
        let amount = (*bought * Decimal::new(15, 1)).round_dp(0);
        let terms = ContractTerms {
            title: line(&format!("Supply of foodstuffs {year}"))?,
            amount: Some(Amount::new(amount).map_err(Error::internal)?),
            amount_includes_tax: false,
            currency: currency()?,
            payment_terms: Text::parse("30 days after delivery").ok(),
            starts_on: day(year, 1, 1)?,
            ends_on: Some(day(year, 12, 31)?),
            auto_renew: true,
            notice_days: 60,
            signatories: Jsonb(vec![Signatory {
                name: line(&contact.contact_name)?,
                position: Line::parse(&contact.contact_title).ok(),
                side: Side::Client,
            }]),
            custom_fields: Jsonb::default(),
            external_ids: Jsonb::default(),
        };
        let signed_on = day(year - 1, 12, 15)?;
        let past = Past {
            status: ContractStatus::Active,
            author_id: client.owner_id,
            approved_by: Some(company.approver).filter(|approver| *approver != client.owner_id),
            created_at: day(year - 1, 12, 1)?.start(),
            signed_on,
        };
        contracts::insert_past(tx, &Scope::system(), Parts(ContractStart { client_id: client.id }, terms), past)
            .await?;
    }
    Ok(())
}

/// Records the orders and returns their ids by the number in the source.
///
/// # Errors
/// When the database fails.
pub async fn load_orders(
    tx: &mut Tx<'_>,
    northwind: &Northwind,
    company: &Company<'_>,
) -> Result<HashMap<u32, OrderId>> {
    let past =
        northwind.orders.iter().map(|order| past_order(northwind, order, company)).collect::<Result<Vec<_>>>()?;
    let recorded = orders::record_all(tx, &Scope::system(), past).await?;
    let numbers = northwind.orders.iter().map(|order| order.order_id);
    Ok(numbers.zip(recorded.into_iter().map(|recorded| recorded.order.id)).collect())
}

fn past_order(northwind: &Northwind, order: &Sample, company: &Company<'_>) -> Result<PastOrder> {
    let client = client_of(order, company)?;
    let author = company.users.get(&order.employee_id).ok_or_else(|| Error::internal("no such employee"))?;
    let lines = northwind.lines(order).iter().map(|detail| {
        let product = company.products.get(&detail.product_id).ok_or_else(|| Error::internal("no such product"))?;
        let percent = detail.discount * Decimal::ONE_HUNDRED;
        Ok(LineTerms {
            product_id: product.id,
            name: product.terms.name.clone(),
            unit: product.terms.unit.clone(),
            quantity: Quantity::new(detail.quantity).map_err(Error::internal)?,
            unit_price: Amount::new(detail.unit_price).map_err(Error::internal)?,
            discount_percent: Percent::new(percent).map_err(Error::internal)?,
            tax_rate: Percent::new(Decimal::ZERO).map_err(Error::internal)?,
            tax_reason: None,
        })
    });
    Ok(PastOrder {
        client_id: client.id,
        owner_id: client.owner_id,
        team_id: client.team_id,
        is_key: client.is_key,
        number: OrderNumber::parse(&order.order_id.to_string()).map_err(Error::internal)?,
        author_id: author.id,
        status: if order.shipped_date.is_some() { OrderStatus::Closed } else { OrderStatus::Approved },
        priority: Priority::initial(client.is_key),
        currency: currency()?,
        prices_include_tax: false,
        ordered_on: order.order_date.into(),
        fulfilled_on: order.shipped_date.map(Day::from),
        department_id: order.shipped_date.and_then(|_| company.departments.get(&order.ship_via)).copied(),
        due_at: None,
        terms: OrderTerms {
            contract_id: None,
            requested_delivery_on: order.required_date.map(Day::from),
            comment: None,
            custom_fields: Jsonb::default(),
            external_ids: northwind::known_as(&order.order_id.to_string())?,
        },
        lines: lines.collect::<Result<_>>()?,
    })
}

/// Records a call or an e-mail for each of a customer's last orders, and plans the next call: some are overdue, most are in
/// the coming weeks.
///
/// # Errors
/// When the database fails.
pub async fn load_interactions(
    tx: &mut Tx<'_>,
    northwind: &Northwind,
    company: &Company<'_>,
    orders: &HashMap<u32, OrderId>,
) -> Result<()> {
    let mut by_customer: HashMap<&str, Vec<&Sample>> = HashMap::new();
    for order in &northwind.orders {
        by_customer.entry(&order.customer_id).or_default().push(order);
    }
    for (number, customer) in northwind.customers.iter().enumerate() {
        let Some(all) = by_customer.get(customer.customer_id.as_str()) else { continue };
        let last = all.iter().rev().take(CALLS).rev();
        for (place, order) in last.enumerate() {
            let Parts(mut start, terms) = call(order, company, orders)?;
            if place + 1 == CALLS.min(all.len()) {
                start.next = Some(next_call(tx.now(), number, client_of(order, company)?.owner_id)?);
            }
            interactions::insert(tx, &Scope::system(), Parts(start, terms)).await?;
        }
    }
    Ok(())
}

fn call(order: &Sample, company: &Company<'_>, orders: &HashMap<u32, OrderId>) -> Result<NewInteraction> {
    let client = client_of(order, company)?;
    let seller = company.users.get(&order.employee_id).ok_or_else(|| Error::internal("no such employee"))?;
    // The source has neither hour nor length, so the hours are spread over the morning.
    let minutes = i64::from(order.order_id % 180);
    let at = Instant::from(order.order_date.and_time(NaiveTime::MIN).and_utc() + Duration::minutes(9 * 60 + minutes));
    let start = InteractionStart {
        client_id: client.id,
        user_id: Some(seller.id),
        scheduled_at: None,
        occurred_at: Some(at),
        next: None,
    };
    let terms = InteractionTerms {
        contact_id: company.contacts.get(order.customer_id.as_str()).copied(),
        channel: if order.order_id.is_multiple_of(3) { Channel::Email } else { Channel::Phone },
        direction: if order.order_id.is_multiple_of(2) { Direction::Inbound } else { Direction::Outbound },
        purpose: Purpose::Negotiation,
        duration_seconds: i32::try_from(180 + 5 * minutes).ok(),
        subject: line(&format!("Order {}", order.order_id))?,
        summary: None,
        outcome: Some(Outcome::Positive),
        contract_id: None,
        order_id: orders.get(&order.order_id).copied(),
        custom_fields: Jsonb::default(),
        external_ids: Jsonb::default(),
    };
    Ok(Parts(start, terms))
}

fn next_call(now: Instant, number: usize, owner: UserId) -> Result<NextInteraction> {
    // The calls to the first three customers are overdue.
    let days = i64::try_from(number % 28).unwrap_or_default() - 3;
    Ok(NextInteraction {
        scheduled_at: now.day().start().after(Duration::days(days) + Duration::hours(9)),
        channel: Some(Channel::Phone),
        purpose: Some(Purpose::FollowUp),
        subject: Some(line("Ask for the next order")?),
        contact_id: None,
        user_id: Some(owner),
    })
}

fn client_of<'c>(order: &Sample, company: &'c Company<'_>) -> Result<&'c Client> {
    company.clients.get(order.customer_id.as_str()).ok_or_else(|| Error::internal("no such customer"))
}

fn currency() -> Result<CurrencyCode> {
    CurrencyCode::parse(CURRENCY).map_err(Error::internal)
}

fn line(text: &str) -> Result<Line> {
    Line::parse(text).map_err(Error::internal)
}

fn day(year: i32, month: u32, day: u32) -> Result<Day> {
    NaiveDate::from_ymd_opt(year, month, day).map(Day::from).ok_or_else(|| Error::internal("no such day"))
}
