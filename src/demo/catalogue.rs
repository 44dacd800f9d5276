//! The products that Northwind sells, and the departments that ship them.

use std::collections::HashMap;

use super::northwind::{self, Northwind, Product as Sample};
use crate::{
    access::Scope,
    change::Tx,
    db::Jsonb,
    departments::{self, DepartmentId, DepartmentKind, DepartmentTerms},
    error::{Error, Result},
    products::{self, Product, ProductKind, ProductTerms},
    values::{Amount, CurrencyCode, Line, Percent, Prose, Text},
};

/// The currency of all prices.
pub const CURRENCY: &str = "USD";

/// Creates the products and returns them by their number in the source.
///
/// # Errors
/// When the database fails.
pub async fn load_products(tx: &mut Tx<'_>, northwind: &Northwind) -> Result<HashMap<u32, Product>> {
    let mut products = HashMap::new();
    for sample in &northwind.products {
        let product = products::insert(tx, &Scope::system(), describe(northwind, sample)?).await?;
        products.insert(sample.product_id, product);
    }
    Ok(products)
}

fn describe(northwind: &Northwind, sample: &Sample) -> Result<ProductTerms> {
    let category = northwind.categories.get(&sample.category_id);
    let supplier = northwind.suppliers.get(&sample.supplier_id);
    Ok(ProductTerms {
        sku: Text::parse(&format!("NW-{:03}", sample.product_id)).map_err(Error::internal)?,
        name: Line::parse(&sample.product_name).map_err(Error::internal)?,
        kind: ProductKind::Good,
        category: category.and_then(|category| Text::parse(&category.category_name).ok()),
        supplier: supplier.and_then(|supplier| Line::parse(&supplier.company_name).ok()),
        unit: Text::parse(&sample.quantity_per_unit).map_err(Error::internal)?,
        base_price: Amount::new(sample.unit_price).map_err(Error::internal)?,
        currency: CurrencyCode::parse(CURRENCY).map_err(Error::internal)?,
        tax_rate: Percent::new(0.into()).map_err(Error::internal)?,
        min_price: None,
        custom_fields: Jsonb::default(),
        confidential_custom_fields: None,
        strengths: category.and_then(|category| Prose::parse(&category.description).ok()),
        weaknesses: None,
        external_ids: northwind::known_as(&sample.product_id.to_string())?,
        is_divisible: false,
        is_active: sample.discontinued == 0,
    })
}

/// Creates a department for each carrier and one for the management. Returns the carriers' departments by the carrier's
/// number.
///
/// # Errors
/// When the database fails.
pub async fn load_departments(tx: &mut Tx<'_>, northwind: &Northwind) -> Result<HashMap<u32, DepartmentId>> {
    let mut departments = HashMap::new();
    for shipper in &northwind.shippers {
        let name = format!("Shipping with {}", shipper.company_name);
        departments.insert(shipper.shipper_id, load_department(tx, &name, DepartmentKind::Department).await?);
    }
    load_department(tx, "Management", DepartmentKind::Management).await?;
    Ok(departments)
}

async fn load_department(tx: &mut Tx<'_>, name: &str, kind: DepartmentKind) -> Result<DepartmentId> {
    let name = Line::parse(name).map_err(Error::internal)?;
    let new = DepartmentTerms { name, kind, is_active: true };
    Ok(departments::insert(tx, &Scope::system(), new).await?.id)
}
