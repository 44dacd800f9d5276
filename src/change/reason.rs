//! Why a step is taken.

use serde::Deserialize;
use utoipa::ToSchema;

use crate::{change::Tx, values::Text};

/// Why, when the caller wants to say it.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = OptionalReason, example = json!({"reason": "Agreed by telephone"}))]
pub struct Reason {
    /// Why; kept in the history.
    pub reason: Option<Text<1000>>,
}

/// Why, where a step needs a reason.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "The price is below cost"}))]
pub struct RequiredReason {
    /// Why; kept in the history.
    pub reason: Text<1000>,
}

impl Reason {
    /// Adds the reason to the change just recorded.
    pub fn record(&self, tx: &mut Tx<'_>) {
        if let Some(reason) = &self.reason {
            tx.because(reason.as_str());
        }
    }
}
