//! Amendments: what changes after a contract was signed. An amendment is a contract of its own, with its own approval and
//! signatures. When it is signed and its day has come, its terms become those of the contract that it amends, which keeps its
//! number, its orders and its history.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, dsl::max};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::{
    client::hold_standing,
    events::{self, Step},
    life::take,
    model::{Amend, Contract, ContractId, ContractTerms},
    queries::write,
    status::{ContractStatus, Transition, refused},
};
use crate::{
    access::{Scope, Update},
    change::{Row, Tx, lock, save},
    db::{Jsonb, columns_of, wide::contracts},
    error::{Error, ProblemType, Result},
    http::IfMatch,
    values::{Day, Invalid, Say},
};

/// Drafts an amendment of a signed contract, with the terms that the contract has now. The caller is its author.
///
/// # Errors
/// 404, 403, 412, 409 for a contract that is not signed or not in force, for an amendment, for a client that is lost or archived, and while another amendment is under
/// way, 422 for a day before the contract's first.
pub async fn amend(
    tx: &mut Tx<'_>,
    scope: &Scope<Contract, Update>,
    id: ContractId,
    seen: &IfMatch,
    body: Amend,
) -> Result<Contract> {
    let client = hold_standing(tx, scope, id).await?;
    let contract = lock(tx, scope, id, seen).await?;
    if !contract.can_be_amended() {
        return Err(refused(contract.status));
    }
    if body.effective_on < contract.terms.starts_on {
        let starts_on = contract.terms.starts_on.to_string();
        return Err(Error::field("/effective_on", Invalid::TooSmall(starts_on)));
    }
    client.refuse_gone()?;
    refuse_second(tx, id).await?;
    let last: Option<i32> =
        contracts::table.filter(contracts::amends_id.eq(id)).select(max(contracts::amendment)).first(&mut **tx).await?;
    let author_id = tx.user_id().ok_or_else(|| Error::internal("the system drafts no contracts"))?;
    let now = tx.now();
    let amendment = Contract {
        id: tx.new_id(),
        version: 1,
        created_at: now,
        updated_at: now,
        number: None,
        status: ContractStatus::Draft,
        author_id,
        editor_ids: Jsonb::default(),
        return_reason: None,
        submitted_on: None,
        initial_ends_on: contract.terms.ends_on,
        approved_by: None,
        approved_at: None,
        signed_on: None,
        amends_id: Some(id),
        amendment: last.unwrap_or_default() + 1,
        effective_on: Some(body.effective_on),
        former_terms: None,
        // The ids of other systems are those of the contract itself.
        terms: ContractTerms { external_ids: Jsonb::default(), ..contract.terms.clone() },
        ..contract
    };
    let created = Step { at: now, actor: Some(author_id), action: "created", from: None, to: ContractStatus::Draft };
    write(tx, amendment, created, body.reason.as_ref()).await
}

/// Refuses a second amendment while one is under way: each replaces all terms.
async fn refuse_second(tx: &mut Tx<'_>, id: ContractId) -> Result<()> {
    use ContractStatus::{Approved, Draft, InReview, Signed};
    let other: Option<ContractId> = contracts::table
        .filter(contracts::amends_id.eq(id))
        .filter(contracts::status.eq_any([Draft, InReview, Approved, Signed]))
        .select(contracts::id)
        .first(&mut **tx)
        .await
        .optional()?;
    let Some(other) = other else { return Ok(()) };
    let refusal = Error::new(ProblemType::Conflict).detail(
        "Another amendment of this contract is under way. Finish, discard or terminate it first.",
        "По этому договору уже готовится другое соглашение. Сначала завершите, удалите или отмените его.",
    );
    Err(refusal.with("amendment_id", other))
}

/// Refuses terms that an amendment cannot change: the currency, in which orders were placed, and the first day.
///
/// # Errors
/// 422.
pub async fn check_amended(tx: &mut Tx<'_>, amendment: &Contract) -> Result<()> {
    let Some(id) = amendment.amends_id else { return Ok(()) };
    let contract = find(tx, id).await?;
    let say = || Say::new("An amendment cannot change this.", "Соглашение не может это изменить.");
    let fixed = [
        ("/currency", contract.terms.currency != amendment.terms.currency),
        ("/starts_on", contract.terms.starts_on != amendment.terms.starts_on),
    ];
    match fixed.into_iter().find(|(_, differs)| *differs) {
        Some((pointer, _)) => Err(Error::field(pointer, Invalid::Rule("not_amendable", say()))),
        None => Ok(()),
    }
}

/// Puts the terms of a signed amendment into the contract that it amends. Both are locked, the contract after the amendment.
///
/// # Errors
/// When the database fails.
pub async fn apply(tx: &mut Tx<'_>, amendment: Contract) -> Result<Contract> {
    let Some(id) = amendment.amends_id else { return Ok(amendment) };
    let before = Contract::find_locked(tx, &Scope::<Contract, Update>::system(), id).await?;
    let before = before.ok_or_else(|| Error::internal("an amendment without its contract"))?;
    let terms = ContractTerms { external_ids: before.terms.external_ids.clone(), ..amendment.terms.clone() };
    let initial_ends_on = if terms.ends_on == before.terms.ends_on { before.initial_ends_on } else { terms.ends_on };
    let after = Contract { initial_ends_on, terms, ..before.clone() };
    let after = save(tx, "amended", &before, after).await?;
    events::record(tx, "amended", Some(before.status), &after, None).await?;
    let applied = Contract {
        status: Transition::Apply.apply(amendment.status, false)?,
        former_terms: Some(Jsonb(before.terms)),
        ..amendment.clone()
    };
    take(tx, Transition::Apply, &amendment, applied, None).await
}

/// `contract` with the terms that were in force on `day`: those that the first amendment after that day replaced.
///
/// # Errors
/// When the database fails.
pub async fn as_of(mut db: &AsyncPgConnection, contract: Contract, day: Day) -> Result<Contract> {
    let replaced = contracts::table
        .filter(contracts::amends_id.eq(contract.id))
        .filter(contracts::status.eq(ContractStatus::Completed))
        .filter(contracts::effective_on.gt(day))
        .order((contracts::effective_on, contracts::amendment))
        .select(contracts::former_terms)
        .first::<Option<Jsonb<ContractTerms>>>(&mut db)
        .await
        .optional()?;
    Ok(match replaced.flatten() {
        Some(Jsonb(terms)) => Contract { terms, ..contract },
        None => contract,
    })
}

async fn find(tx: &mut Tx<'_>, id: ContractId) -> Result<Contract> {
    Ok(contracts::table.find(id).select(columns_of::<Contract>()).first(&mut **tx).await?)
}

impl Contract {
    /// Whether an amendment of it can be drafted.
    pub fn can_be_amended(&self) -> bool {
        self.amends_id.is_none() && matches!(self.status, ContractStatus::Signed | ContractStatus::Active)
    }
}
