//! Contracts that other systems write by their own ids.

use super::{
    model::{Contract, ContractId, ContractPatch, NewContract},
    queries,
    view::{ContractView, changed},
};
use crate::{
    access::{Create, Read, Scope, Update},
    change::{External, Tx, external},
    error::Result,
    external_ids::ExternalId,
    http::{IfMatch, Routes},
};

/// The operation that takes an id of another system.
pub fn routes(api: &mut Routes) {
    api.add("contracts", [external::<Contract>("upsert_contract", "the draft of a contract")]);
}

impl External for Contract {
    type New = NewContract;
    type Patch = ContractPatch;
    type View = ContractView;

    fn external_ids(&self) -> &[ExternalId] {
        &self.terms.external_ids.0
    }

    async fn seen(tx: &mut Tx<'_>, id: ContractId) -> Result<Self> {
        queries::find(tx, &tx.scope::<Self, Read>()?, id).await
    }

    async fn create(tx: &mut Tx<'_>, scope: &Scope<Self, Create>, new: NewContract) -> Result<ContractView> {
        let contract = queries::insert(tx, scope, new).await?;
        changed(tx, contract).await
    }

    async fn change(
        tx: &mut Tx<'_>,
        scope: &Scope<Self, Update>,
        id: ContractId,
        seen: &IfMatch,
        patch: ContractPatch,
    ) -> Result<ContractView> {
        let contract = queries::update(tx, scope, id, seen, &patch).await?;
        changed(tx, contract).await
    }
}
