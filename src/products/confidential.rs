//! The lowest price: who may see it, and change it.

use std::sync::Arc;

use super::model::{NewProduct, Product, ProductPatch};
use crate::{
    access::{Caller, Reach},
    error::{Error, Result},
};

const PERMISSION: &str = "products:read_confidential";

impl Product {
    /// Takes the confidential field out for a `caller` who may not see it.
    pub fn redact(&mut self, caller: &Caller) {
        if !may_see(caller) {
            self.min_price = None;
        }
    }
}

/// Refuses a new product with the confidential field from who could not see it.
///
/// # Errors
/// 403 naming the permission.
pub fn check_new(caller: Option<&Arc<Caller>>, new: &NewProduct) -> Result<()> {
    permit(caller, new.min_price.is_some())
}

/// Refuses a change of the confidential field by who cannot see it.
///
/// # Errors
/// 403 naming the permission.
pub fn check_patch(caller: Option<&Arc<Caller>>, patch: &ProductPatch) -> Result<()> {
    permit(caller, patch.min_price.is_some())
}

fn permit(caller: Option<&Arc<Caller>>, named: bool) -> Result<()> {
    match caller {
        Some(caller) if named && !may_see(caller) => Err(Error::forbidden(PERMISSION)),
        _ => Ok(()),
    }
}

/// A product belongs to nobody: a right that reaches anywhere reaches all of them.
fn may_see(caller: &Caller) -> bool {
    caller.policy.reach(PERMISSION) > Reach::None
}
