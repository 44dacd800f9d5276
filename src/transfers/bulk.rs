//! The transfer of many clients from one owner to one receiver.

use diesel_async::AsyncPgConnection;

use super::{
    give::give,
    model::{ClientTransfer, ClientTransferResult},
    plan::{Asked, Plan, Right},
};
use crate::{
    change::Tx,
    clients::{self, Why},
    error::{Error, ProblemType, Result},
    users,
};

/// How many clients that cannot go a refusal names.
const NAMED: usize = 10;

/// What a transfer would do. Nothing is written.
///
/// # Errors
/// 422 as [`transfer`].
pub async fn preview(db: &AsyncPgConnection, scope: &Right, transfer: &ClientTransfer) -> Result<ClientTransferResult> {
    let asked = Asked::by(db, scope, transfer).await?;
    let found = clients::find_all(db, scope, &asked.ids).await?;
    let receiver = users::find_owner(db, transfer.receiver_id, "/receiver_id").await?;
    Ok(Plan::of(db, scope, transfer, receiver, (asked, found)).await?.told())
}

/// Gives clients of one owner to another.
///
/// # Errors
/// 409 when some cannot go and are not to be skipped, 422 for too many clients and for a receiver who does not exist, is not
/// active or could not see the clients.
pub async fn transfer(tx: &mut Tx<'_>, scope: &Right, transfer: ClientTransfer) -> Result<ClientTransferResult> {
    let asked = Asked::by(tx, scope, &transfer).await?;
    let found = clients::lock_all(tx, scope, &asked.ids).await?;
    let receiver = users::owner(tx, transfer.receiver_id, "/receiver_id").await?;
    let plan = Plan::of(tx, scope, &transfer, receiver, (asked, found)).await?;
    if !plan.cannot_go.is_empty() && !transfer.skip_those_that_cannot_go {
        return Err(refused(&plan));
    }
    let told = plan.told();
    let why = Why { reason: Some(transfer.reason), note: transfer.note };
    if !plan.going.is_empty() {
        give(tx, plan.going, transfer.owner_id, receiver, &why).await?;
    }
    Ok(told)
}

fn refused(plan: &Plan) -> Error {
    let count = plan.cannot_go.len();
    let refusal = Error::new(ProblemType::Conflict).detail(
        format!(
            "Clients that cannot go: {count}. Nothing was transferred. Set skip_those_that_cannot_go to transfer the others."
        ),
        format!(
            "Клиентов, которых нельзя передать: {count}. Ничего не передано. Чтобы передать остальных, укажите \
             `skip_those_that_cannot_go`."
        ),
    );
    let named: Vec<_> = plan.cannot_go.iter().take(NAMED).collect();
    refusal.with("cannot_go", &named).with("cannot_go_count", count)
}
