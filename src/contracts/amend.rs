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
    db::{Jsonb, wide::contracts},
    error::{Error, FieldError, ProblemType, Result},
    http::IfMatch,
    values::{Day, Invalid, Say},
};

/// Drafts an amendment of a signed contract, with the terms that the contract has now. The caller is its author.
///
/// # Errors
/// 404, 403, 412, 409 for a contract that is not signed or not in force, for an amendment, for a client that is lost or archived, and while another amendment is under
/// way, 422 for a day before the contract's first, and before that of its last amendment.
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
    client.refuse_gone()?;
    refuse_second(tx, id).await?;
    let (last, since) = last_amendment(tx, id).await?;
    let earliest = since.unwrap_or(contract.terms.starts_on);
    if body.effective_on < earliest {
        return Err(Error::field("/effective_on", Invalid::TooSmall(earliest.to_string())));
    }
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
        former_terms: Some(Jsonb(contract.terms.clone())),
        terms: ContractTerms {
            custom_fields: Jsonb::default(),
            external_ids: Jsonb::default(),
            ..contract.terms.clone()
        },
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

/// The number of the contract's last amendment, and the day on which the last that was applied took effect.
async fn last_amendment(tx: &mut Tx<'_>, id: ContractId) -> Result<(Option<i32>, Option<Day>)> {
    let amendments = || contracts::table.filter(contracts::amends_id.eq(id));
    let number = amendments().select(max(contracts::amendment)).first(&mut **tx).await?;
    let applied = amendments().filter(contracts::status.eq(ContractStatus::Completed));
    let since = applied.select(max(contracts::effective_on)).first(&mut **tx).await?;
    Ok((number, since))
}

/// Refuses to change what an amendment leaves as it is: the currency, in which orders were placed, the first day, and what the
/// organisation and other systems keep with the contract itself.
///
/// # Errors
/// 422 at each of them.
pub fn refuse_unamendable(before: &Contract, after: &Contract) -> Result<()> {
    let (old, new) = (&before.terms, &after.terms);
    if before.amends_id.is_none() {
        return Ok(());
    }
    let say = || Say::new("An amendment cannot change this.", "Соглашение не может это изменить.");
    let changed = [
        ("/currency", old.currency != new.currency),
        ("/starts_on", old.starts_on != new.starts_on),
        ("/custom_fields", old.custom_fields != new.custom_fields),
        ("/external_ids", old.external_ids != new.external_ids),
    ];
    let changed = changed.into_iter().filter(|(_, differs)| *differs);
    let errors: Vec<FieldError> =
        changed.map(|(pointer, _)| FieldError::new(pointer, Invalid::Rule("not_amendable", say()))).collect();
    if errors.is_empty() { Ok(()) } else { Err(Error::fields(errors)) }
}

/// Refuses to go on with an amendment whose contract has ended.
///
/// # Errors
/// 409.
pub async fn refuse_ended(tx: &mut Tx<'_>, amendment: &Contract) -> Result<()> {
    let Some(id) = amendment.amends_id else { return Ok(()) };
    let status: ContractStatus = contracts::table.find(id).select(contracts::status).first(&mut **tx).await?;
    if is_amendable(status) {
        return Ok(());
    }
    Err(Error::new(ProblemType::Conflict)
        .detail("The contract that it amends has ended.", "Договор, который оно изменяет, уже закончился."))
}

/// Puts the terms of a signed amendment into the contract that it amends. Both are locked, the contract after the amendment. If
/// the contract has ended, the amendment has, too.
///
/// # Errors
/// When the database fails.
pub async fn apply(tx: &mut Tx<'_>, amendment: Contract) -> Result<Contract> {
    let Some(id) = amendment.amends_id else { return Ok(amendment) };
    let before = Contract::find_locked(tx, &Scope::<Contract, Update>::system(), id).await?;
    let before = before.ok_or_else(|| Error::internal("an amendment without its contract"))?;
    if !is_amendable(before.status) {
        let status = Transition::Terminate.apply(amendment.status, false)?;
        let ended = Contract { status, ..amendment.clone() };
        return take(tx, Transition::Terminate, &amendment, ended, None).await;
    }
    let after = amended(&before, &amendment);
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

/// `contract` with the terms of `amendment`. A last day that the amendment leaves as it was stays what renewals have made of it.
fn amended(contract: &Contract, amendment: &Contract) -> Contract {
    let drafted_with = amendment.former_terms.as_ref().map(|terms| terms.0.ends_on);
    let ends_on = match drafted_with == Some(amendment.terms.ends_on) {
        true => contract.terms.ends_on,
        false => amendment.terms.ends_on,
    };
    let terms = ContractTerms {
        ends_on,
        custom_fields: contract.terms.custom_fields.clone(),
        external_ids: contract.terms.external_ids.clone(),
        ..amendment.terms.clone()
    };
    // Renewals go on for terms of the same length.
    let initial_ends_on = ends_on.map(|last| contract.initial_ends_on.map_or(last, |first| first.min(last)));
    Contract { initial_ends_on, terms, ..contract.clone() }
}

fn is_amendable(status: ContractStatus) -> bool {
    matches!(status, ContractStatus::Signed | ContractStatus::Active)
}

impl Contract {
    /// Whether an amendment of it can be drafted.
    pub fn can_be_amended(&self) -> bool {
        self.amends_id.is_none() && is_amendable(self.status)
    }
}
