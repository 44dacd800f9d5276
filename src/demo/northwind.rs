//! The sample company's data as published, and figures computed from it.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, de::DeserializeOwned};

use crate::{
    db::Jsonb,
    error::{Error, Result},
    external_ids::ExternalId,
    values::Text,
};

/// An employee of the company.
#[derive(Debug, Deserialize)]
pub struct Employee {
    /// The number.
    pub employee_id: u32,
    /// Family name.
    pub last_name: String,
    /// Given name.
    pub first_name: String,
    /// Job title.
    pub title: String,
    /// The manager's number; the head of the company has none.
    pub reports_to: Option<u32>,
}

/// The id that a row has in the sample data.
///
/// # Errors
/// Only for data that is not that of the sample.
pub fn known_as(id: &str) -> Result<Jsonb<Vec<ExternalId>>> {
    let source = Text::parse("northwind").map_err(Error::internal)?;
    Ok(Jsonb(vec![ExternalId { source, id: Text::parse(id).map_err(Error::internal)? }]))
}

/// A company that buys.
#[derive(Debug, Deserialize)]
pub struct Customer {
    /// Five letters.
    pub customer_id: String,
    /// The company's name.
    pub company_name: String,
    /// The contact's name.
    pub contact_name: String,
    /// The contact's job title.
    pub contact_title: String,
    /// Street and house number.
    pub address: String,
    /// Town.
    pub city: String,
    /// Region, where there is one.
    pub region: String,
    /// Postal code, where there is one.
    pub postal_code: String,
    /// Country, in English.
    pub country: String,
    /// Telephone number, in any notation.
    pub phone: String,
}

/// Something that is sold.
#[derive(Debug, Deserialize)]
pub struct Product {
    /// The number.
    pub product_id: u32,
    /// The name.
    pub product_name: String,
    /// The supplier's number.
    pub supplier_id: u32,
    /// The category's number.
    pub category_id: u32,
    /// The content of one unit.
    pub quantity_per_unit: String,
    /// The list price.
    pub unit_price: Decimal,
    /// 1 when it is no longer sold.
    pub discontinued: u8,
}

/// A group of products.
#[derive(Debug, Deserialize)]
pub struct Category {
    /// The number.
    pub category_id: u32,
    /// The name.
    pub category_name: String,
    /// What products it contains.
    pub description: String,
}

/// A company that supplies.
#[derive(Debug, Deserialize)]
pub struct Supplier {
    /// The number.
    pub supplier_id: u32,
    /// The name.
    pub company_name: String,
}

/// A carrier, which becomes an executing department of the demonstration.
#[derive(Debug, Deserialize)]
pub struct Shipper {
    /// The number.
    pub shipper_id: u32,
    /// The name.
    pub company_name: String,
}

/// An order of a customer.
#[derive(Debug, Deserialize)]
pub struct Order {
    /// The number.
    pub order_id: u32,
    /// The customer.
    pub customer_id: String,
    /// The employee who sold.
    pub employee_id: u32,
    /// The day of the order.
    pub order_date: NaiveDate,
    /// The requested day of delivery.
    pub required_date: Option<NaiveDate>,
    /// The day of shipping; `None` when the order was still open.
    pub shipped_date: Option<NaiveDate>,
    /// The carrier.
    pub ship_via: u32,
}

/// A line of an order.
#[derive(Debug, Deserialize)]
pub struct Detail {
    /// The order.
    pub order_id: u32,
    /// The product.
    pub product_id: u32,
    /// The price of one unit.
    pub unit_price: Decimal,
    /// How many units.
    pub quantity: Decimal,
    /// The discount, as a fraction of one.
    pub discount: Decimal,
}

impl Detail {
    /// The line's price after discount.
    pub fn net(&self) -> Decimal {
        self.unit_price * self.quantity * (Decimal::ONE - self.discount)
    }
}

/// The whole company.
#[derive(Debug)]
pub struct Northwind {
    /// The nine employees.
    pub employees: Vec<Employee>,
    /// The 91 customers.
    pub customers: Vec<Customer>,
    /// The 77 products.
    pub products: Vec<Product>,
    /// By number.
    pub categories: HashMap<u32, Category>,
    /// By number.
    pub suppliers: HashMap<u32, Supplier>,
    /// The three carriers.
    pub shippers: Vec<Shipper>,
    /// The 830 orders.
    pub orders: Vec<Order>,
    /// The 2,155 lines, by order.
    pub details: HashMap<u32, Vec<Detail>>,
}

impl Northwind {
    /// Reads the data that is embedded in the binary.
    ///
    /// # Errors
    /// Only if the embedded data cannot be read.
    pub fn read() -> Result<Self> {
        let mut details: HashMap<u32, Vec<Detail>> = HashMap::new();
        for detail in records::<Detail>(include_str!("northwind/order_details.csv"))? {
            details.entry(detail.order_id).or_default().push(detail);
        }
        let categories: Vec<Category> = records(include_str!("northwind/categories.csv"))?;
        let suppliers: Vec<Supplier> = records(include_str!("northwind/suppliers.csv"))?;
        Ok(Self {
            employees: records(include_str!("northwind/employees.csv"))?,
            customers: records(include_str!("northwind/customers.csv"))?,
            products: records(include_str!("northwind/products.csv"))?,
            categories: categories.into_iter().map(|category| (category.category_id, category)).collect(),
            suppliers: suppliers.into_iter().map(|supplier| (supplier.supplier_id, supplier)).collect(),
            shippers: records(include_str!("northwind/shippers.csv"))?,
            orders: records(include_str!("northwind/orders.csv"))?,
            details,
        })
    }

    /// The lines of an order.
    pub fn lines(&self, order: &Order) -> &[Detail] {
        self.details.get(&order.order_id).map_or(&[], Vec::as_slice)
    }

    /// What each customer bought in all, after discount.
    pub fn revenue(&self) -> BTreeMap<&str, Decimal> {
        let mut revenue: BTreeMap<&str, Decimal> = BTreeMap::new();
        for order in &self.orders {
            let net: Decimal = self.lines(order).iter().map(Detail::net).sum();
            *revenue.entry(&order.customer_id).or_default() += net;
        }
        revenue
    }

    /// The customers that bought most, largest first.
    pub fn largest_customers(&self, count: usize) -> Vec<&str> {
        let mut by_revenue: Vec<(&str, Decimal)> = self.revenue().into_iter().collect();
        by_revenue.sort_by_key(|(_, revenue)| std::cmp::Reverse(*revenue));
        by_revenue.into_iter().take(count).map(|(customer, _)| customer).collect()
    }

    /// The owner of each customer: the employee who sold to it most often; if several did, the one who sold last.
    pub fn owners(&self) -> HashMap<&str, u32> {
        let mut sales: BTreeMap<(&str, u32), (usize, NaiveDate)> = BTreeMap::new();
        for order in &self.orders {
            let seller = sales.entry((&order.customer_id, order.employee_id)).or_default();
            seller.0 += 1;
            seller.1 = seller.1.max(order.order_date);
        }
        let mut owners: HashMap<&str, (u32, (usize, NaiveDate))> = HashMap::new();
        for ((customer, employee), sold) in sales {
            let best = owners.entry(customer).or_insert((employee, sold));
            if sold > best.1 {
                *best = (employee, sold);
            }
        }
        owners.into_iter().map(|(customer, (employee, _))| (customer, employee)).collect()
    }
}

fn records<T: DeserializeOwned>(text: &str) -> Result<Vec<T>> {
    csv::Reader::from_reader(text.as_bytes()).deserialize().collect::<Result<_, _>>().map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    use rust_decimal::Decimal;

    use super::Northwind;

    #[test]
    fn the_sums_are_those_of_the_source() {
        let northwind = Northwind::read().unwrap();
        assert_eq!(northwind.employees.len(), 9);
        assert_eq!(northwind.customers.len(), 91);
        assert_eq!(northwind.products.len(), 77);
        assert_eq!(northwind.orders.len(), 830);
        assert_eq!(northwind.details.values().map(Vec::len).sum::<usize>(), 2155);
        let revenue = northwind.revenue();
        assert_eq!(revenue.values().sum::<Decimal>(), Decimal::new(12_657_930_395, 4));
        assert_eq!(revenue["QUICK"], Decimal::new(1_102_773_050, 4));
        assert_eq!(northwind.largest_customers(3), ["QUICK", "ERNSH", "SAVEA"]);
    }
}
