//! When a user is blocked, what they work on goes to somebody else.

use super::{give::give, model::Blocking, plan::Right};
use crate::{
    access::{Scope, Update, UserId, may_read},
    change::Tx,
    clients::{self, Client, Why},
    error::{Error, ProblemType, Result},
    http::IfMatch,
    interactions,
    users::{self, Owner, User},
};

/// Most clients that change their owner when a user is blocked.
const MOST: i64 = 1000;

/// Keeps a user from signing in, ends their sessions, and gives their clients and tasks to somebody else.
///
/// # Errors
/// 404, 412, 403 for the caller's own account, 409 for the last supervisor, for a user who is blocked already, for clients or
/// tasks without a receiver, for key clients to someone who may not own one and for too many clients, 422 for a receiver who is
/// not active or could not see the clients.
pub async fn block(
    tx: &mut Tx<'_>,
    scope: &Scope<User, Update>,
    id: UserId,
    seen: &IfMatch,
    blocking: Blocking,
) -> Result<User> {
    if let Some(receiver) = blocking.receiver_id {
        hold(tx, id, receiver).await?;
    }
    let user = users::block(tx, scope, id, seen).await?;
    let why = Why { reason: blocking.reason, note: None };
    if let Some(reason) = &why.reason {
        tx.because(reason.as_str());
    }
    match blocking.receiver_id {
        Some(receiver) => {
            let receiver = users::owner(tx, receiver, "/receiver_id").await?;
            hand_over_clients(tx, id, receiver, &why).await?;
            hand_over_tasks(tx, id, receiver).await?;
        }
        None => refuse_orphans(tx, id).await?,
    }
    Ok(user)
}

/// Locks what the block changes in the order in which every transfer locks it: the clients before the users. Two users are locked
/// in the order of their ids, so that two who are blocked in favour of each other at once do not wait for each other.
async fn hold(tx: &mut Tx<'_>, user: UserId, receiver: UserId) -> Result<()> {
    let ids = clients::of_owner(tx, &Right::system(), user, MOST).await?;
    clients::lock_all(tx, &Right::system(), &ids).await?;
    if receiver < user {
        users::hold(tx, receiver).await?;
    }
    Ok(())
}

/// Refuses to leave clients without an owner who works on them, or tasks without somebody to do them.
async fn refuse_orphans(tx: &mut Tx<'_>, user: UserId) -> Result<()> {
    let clients = clients::count_of_owner(tx, &Right::system(), user).await?;
    let tasks = interactions::count_planned(tx, user).await?;
    if clients + tasks == 0 {
        return Ok(());
    }
    let refusal = Error::new(ProblemType::Conflict).detail(
        format!("The user has {clients} clients and {tasks} planned interactions. Name who receives them in receiver_id."),
        format!(
            "У пользователя остались клиенты (всего {clients}) и запланированные взаимодействия (всего {tasks}). Укажите, кто \
             их получит, в `receiver_id`."
        ),
    );
    Err(refusal.with("client_count", clients).with("interaction_count", tasks))
}

async fn hand_over_clients(tx: &mut Tx<'_>, from: UserId, receiver: Owner, why: &Why) -> Result<()> {
    let everywhere = Right::system();
    let ids = clients::of_owner(tx, &everywhere, from, MOST + 1).await?;
    if ids.len() > usize::try_from(MOST).unwrap_or(usize::MAX) {
        let count = clients::count_of_owner(tx, &everywhere, from).await?;
        return Err(too_many(count));
    }
    let clients = clients::lock_all(tx, &everywhere, &ids).await?;
    let Some(one) = clients.first() else { return Ok(()) };
    if clients.iter().any(|client| client.is_key) {
        clients::refuse_ordinary_owner(tx, receiver.role).await?;
    }
    // Whether the receiver can see one of them as its owner decides about all: only their role counts.
    let theirs = Client { owner_id: receiver.id, team_id: receiver.team_id, ..one.clone() };
    clients::refuse_blind(tx, receiver.id, &theirs, "/receiver_id").await?;
    give(tx, clients, from, receiver, why).await?;
    Ok(())
}

/// Hands over the tasks with clients of others: to the receiver, or to the client's owner where the receiver cannot see the
/// client.
async fn hand_over_tasks(tx: &mut Tx<'_>, from: UserId, receiver: Owner) -> Result<()> {
    for client in interactions::clients_with_planned(tx, from).await? {
        let client = clients::find(tx, &Right::system(), client).await?;
        let to = if may_read(tx, receiver.id, &client, tx.now()).await? { receiver.id } else { client.owner_id };
        interactions::hand_over(tx, &[client.id], from, to).await?;
    }
    Ok(())
}

fn too_many(count: i64) -> Error {
    let refusal = Error::new(ProblemType::Conflict).detail(
        format!(
            "The user has {count} clients, and at most {MOST} are given away in one request. Transfer some of them first, at \
             /v1/client-transfers."
        ),
        format!(
            "У пользователя {count} клиентов, а за один запрос передаётся не больше {MOST}. Сначала передайте часть из них: \
             `/v1/client-transfers`."
        ),
    );
    refusal.with("client_count", count)
}
