//! A contract as a caller sees it.

use std::collections::HashMap;

use diesel_async::AsyncPgConnection;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    approval::{Submission, check_approver, submissions},
    ceiling,
    model::{Contract, ContractId, ContractInclude, ContractIncludes},
    status::{ContractStatus, Transition},
    steps::STEPS,
};
use crate::{
    access::{Actor, Delete, Update, UserId},
    change::Tx,
    clients::{self, ClientRef},
    error::{Error, Result},
    http::View,
    users::{self, UserRef},
    values::Total,
};

/// A contract, what the caller may do with it, and what was included.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Contract, example = json!({"id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e2f", "version": 5, "external_ids": [], "custom_fields": {},
    "created_at": "2026-11-20T09:30:00Z", "updated_at": "2026-11-24T09:30:00Z",
    "client_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e30", "owner_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e31",
    "team_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e32", "is_key": false, "number": "C-2026-000001",
    "title": "Supply of coffee in 2027", "status": "active", "author_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e31",
    "editor_ids": [], "return_reason": null, "amount": "1500000.00", "amount_includes_tax": false, "submitted_on": "2026-11-22", "currency": "RUB", "payment_terms": "30 days after delivery", "starts_on": "2026-11-24",
    "ends_on": "2027-11-23", "initial_ends_on": "2027-11-23", "auto_renew": true, "notice_days": 60,
    "signatories": [{"name": "Anna Petrova", "position": "Sales director", "side": "ours"}],
    "approved_by": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e33", "approved_at": "2026-11-23T09:30:00Z", "signed_on": "2026-11-24", "amends_id": null, "amendment": 0, "effective_on": null,
    "actions": ["amend", "complete"], "ordered_total": "120000.00"}))]
pub struct ContractView {
    #[serde(flatten)]
    contract: Contract,
    /// What the caller may do with the contract now.
    actions: Vec<&'static str>,
    /// What was ordered under the contract, with tax where its amount includes that. Drafts and rejected orders do not count, and
    /// of cancelled ones only what was delivered. Only where one contract is read. The `ETag` stays the same when it changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    ordered_total: Option<Total>,
    /// The client, when included.
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<ClientRef>,
    /// Who works with the client, when included.
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<UserRef>,
    /// Who drafted the contract, when included.
    #[serde(skip_serializing_if = "Option::is_none")]
    author: Option<UserRef>,
}

impl ContractView {
    fn of(contract: Contract, is_gone: bool, submission: Submission, actor: &Actor) -> Self {
        let actions = actions(&contract, is_gone, submission, actor);
        Self { contract, actions, ordered_total: None, client: None, owner: None, author: None }
    }

    /// Adds what was ordered under the contract, which takes one query.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn with_ordered_total(self, db: &AsyncPgConnection) -> Result<Self> {
        let ordered = ceiling::ordered(db, &self.contract, None).await?;
        let most = Total::most().value();
        Ok(Self { ordered_total: Some(Total::new(ordered.min(most)).map_err(Error::internal)?), ..self })
    }
}

impl View for ContractView {
    type Row = Contract;

    fn row(&self) -> &Contract {
        &self.contract
    }
}

/// What `actor` may do with `contract` in its present state. `is_gone` is whether its client is lost or archived.
fn actions(contract: &Contract, is_gone: bool, submission: Submission, actor: &Actor) -> Vec<&'static str> {
    let mut actions = Vec::new();
    if contract.status == ContractStatus::Draft && actor.may::<Contract, Update>(contract) {
        actions.push("update");
    }
    if contract.can_be_amended() && !is_gone && actor.may::<Contract, Update>(contract) {
        actions.push("amend");
    }
    if contract.can_be_discarded() && actor.may::<Contract, Delete>(contract) {
        actions.push("delete");
    }
    let steps = STEPS.iter().filter(|step| step.transition.target(contract.status, false).is_some());
    let steps = steps.filter(|step| !(is_gone && step.transition.begins_business()));
    let offered = steps.filter(|step| (step.may)(actor, contract));
    let offered = offered
        .map(|step| step.transition)
        .filter(|step| *step != Transition::Approve || check_approver(actor, contract, submission).is_ok());
    actions.extend(offered.map(<&str>::from));
    actions
}

/// The contract just changed, as the caller who changed it sees it.
///
/// # Errors
/// When the database fails.
pub async fn changed(tx: &mut Tx<'_>, contract: Contract) -> Result<ContractView> {
    let view = views(tx, vec![contract], &ContractIncludes::default(), tx.actor()).await?.pop();
    view.ok_or_else(Error::not_found)
}

/// `contracts` as `actor` sees them, with what `include` asks for, in one query for each kind.
///
/// # Errors
/// When the database fails.
pub async fn views(
    db: &AsyncPgConnection,
    contracts: Vec<Contract>,
    include: &ContractIncludes,
    actor: &Actor,
) -> Result<Vec<ContractView>> {
    let (owners, authors) = (include.has(ContractInclude::Owner), include.has(ContractInclude::Author));
    let clients = if include.has(ContractInclude::Client) {
        clients::references(db, actor, contracts.iter().map(|contract| contract.client_id).collect()).await?
    } else {
        HashMap::new()
    };
    let mut ids: Vec<UserId> = Vec::new();
    if owners {
        ids.extend(contracts.iter().map(|contract| contract.owner_id));
    }
    if authors {
        ids.extend(contracts.iter().map(|contract| contract.author_id));
    }
    let users = users::references(db, ids).await?;
    let in_review = contracts.iter().filter(|contract| contract.status == ContractStatus::InReview);
    let in_review: Vec<ContractId> = in_review.map(|contract| contract.id).collect();
    let submissions = submissions(db, &in_review).await?;
    let begins = |contract: &&Contract| {
        contract.can_be_amended() || Transition::possible(contract.status).into_iter().any(Transition::begins_business)
    };
    let gone = clients::gone(db, contracts.iter().filter(begins).map(|contract| contract.client_id).collect()).await?;
    let view = |contract: Contract| {
        let submission = submissions.get(&contract.id).copied().unwrap_or_default();
        let is_gone = gone.contains(&contract.client_id);
        ContractView {
            client: clients.get(&contract.client_id).cloned(),
            owner: users.get(&contract.owner_id).filter(|_| owners).cloned(),
            author: users.get(&contract.author_id).filter(|_| authors).cloned(),
            ..ContractView::of(contract, is_gone, submission, actor)
        }
    };
    Ok(contracts.into_iter().map(view).collect())
}
