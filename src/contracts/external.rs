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
    http::{IfMatch, Routes, StepText},
};

const UPSERT: StepText = StepText {
    id: "upsert_contract",
    summary: "Create or change the draft of a contract of another system",
    description: "Use it to bring over what another system has, as often as it changes there.\n\nWhere nothing has this id \
                  yet, it creates the draft of a contract, and answers 201. Otherwise it changes the members that are given, as `PATCH` does, \
                  and answers 200; that needs `contracts:update`. What only a creation takes must be as it is. The id \
                  of the address is always among `external_ids`. An id that belongs to something out of reach is refused as taken.",
};

/// The operation that takes an id of another system.
pub fn routes(api: &mut Routes) {
    api.add("contracts", [external::<Contract>(UPSERT)]);
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
