//! The views of clients that the demonstration company has saved.

use serde_json::json;

use super::Company;
use crate::{
    change::Tx,
    error::{Error, Result},
    saved_views,
};

/// Saves views of the head of the company, which all of that team may use.
///
/// # Errors
/// When the database fails.
pub async fn load(tx: &mut Tx<'_>, company: &Company<'_>) -> Result<()> {
    let head = company.users.values().find(|user| user.id == company.approver);
    let head = head.ok_or_else(|| Error::internal("a company without a head"))?;
    for (name, conditions) in [
        ("Buyers of 1998 without a contract", json!([{"ordered": {"from": "1998-01-01"}}, {"active_contract": false}])),
        ("Sold to no more", json!([{"ordered": {}}, {"not": {"ordered": {"from": "1998-01-01"}}}])),
    ] {
        let terms = json!({"name": name, "conditions": conditions, "sort": "name", "fields": ["name", "phone"], "is_shared": true});
        let terms = serde_json::from_value(terms).map_err(Error::internal)?;
        saved_views::record(tx, (head.id, head.terms.team_id), terms).await?;
    }
    Ok(())
}
