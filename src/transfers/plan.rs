//! Which of many clients can go to a receiver, and why the others cannot.

use std::collections::{BTreeSet, HashSet};

use diesel_async::AsyncPgConnection;

use super::model::{CannotGo, ClientTransfer, ClientTransferResult, MOST, Obstacle};
use crate::{
    access::{Scope, UserId, may_read_as_owner},
    clients::{self, Client, ClientId, ClientStatus, TransferClient},
    error::{Error, FieldError, Result},
    interactions,
    users::{self, Owner},
    values::{Invalid, Say},
};

/// The right to transfer clients.
pub type Right = Scope<Client, TransferClient>;

/// The clients that a request is about.
pub struct Asked {
    /// Their ids.
    pub ids: Vec<ClientId>,
    /// How many others the owner has, when the request names none.
    pub remaining: i64,
}

/// What a transfer does when nothing changes meanwhile.
pub struct Plan {
    /// The clients that go.
    pub going: Vec<Client>,
    /// Those that cannot go.
    pub cannot_go: Vec<CannotGo>,
    /// How many planned interactions go along that the caller may see.
    pub interactions: i64,
    /// How many clients were not looked at.
    pub remaining: i64,
}

impl Asked {
    /// The clients that `transfer` names, or the first of its owner's.
    ///
    /// # Errors
    /// 422 for too many, and for an owner who receives their own clients or does not exist.
    pub async fn by(db: &AsyncPgConnection, scope: &Right, transfer: &ClientTransfer) -> Result<Self> {
        if transfer.client_ids.as_ref().is_some_and(|ids| ids.len() > MOST) {
            return Err(Error::fields(vec![FieldError::new("/client_ids", Invalid::TooLong(MOST))]));
        }
        if transfer.owner_id == transfer.receiver_id {
            let say = Say::new("The clients' owner.", "Это владелец клиентов.");
            return Err(Error::field("/receiver_id", Invalid::Rule("owner", say)));
        }
        if users::references(db, vec![transfer.owner_id]).await?.is_empty() {
            return Err(Error::field("/owner_id", Invalid::UnknownReference));
        }
        if let Some(ids) = &transfer.client_ids {
            let ids = ids.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
            return Ok(Self { ids, remaining: 0 });
        }
        let most = i64::try_from(MOST).unwrap_or(i64::MAX);
        let ids = clients::of_owner(db, scope, transfer.owner_id, most).await?;
        let all = clients::count_of_owner(db, scope, transfer.owner_id).await?;
        Ok(Self { remaining: (all - most).max(0), ids })
    }
}

impl Plan {
    /// What becomes of the clients `asked` for, of which `found` are within the caller's reach.
    ///
    /// # Errors
    /// 422 for a receiver who could not see the clients.
    pub async fn of(
        db: &AsyncPgConnection,
        scope: &Right,
        transfer: &ClientTransfer,
        receiver: Owner,
        (asked, found): (Asked, Vec<Client>),
    ) -> Result<Self> {
        let may_own_key = users::key_owners(db, vec![receiver.id]).await?.contains(&receiver.id);
        let known: HashSet<ClientId> = found.iter().map(|client| client.id).collect();
        let unknown = asked.ids.iter().filter(|id| !known.contains(id));
        let mut cannot_go: Vec<CannotGo> =
            unknown.map(|id| CannotGo { client_id: *id, obstacle: Obstacle::NotFound }).collect();
        let mut going = Vec::new();
        for client in found {
            match obstacle(scope, transfer.owner_id, receiver, may_own_key, &client) {
                Some(obstacle) => cannot_go.push(CannotGo { client_id: client.id, obstacle }),
                None => going.push(client),
            }
        }
        refuse_blind(db, scope, receiver, going.first()).await?;
        let ids: Vec<ClientId> = going.iter().map(|client| client.id).collect();
        let interactions = interactions::count_planned_with(db, scope.actor(), transfer.owner_id, &ids).await?;
        Ok(Self { going, cannot_go, interactions, remaining: asked.remaining })
    }

    /// What the caller is told.
    pub fn told(&self) -> ClientTransferResult {
        ClientTransferResult {
            client_count: i64::try_from(self.going.len()).unwrap_or(i64::MAX),
            interaction_count: self.interactions,
            remaining_count: self.remaining,
            cannot_go: self.cannot_go.clone(),
        }
    }
}

/// Why `client` cannot go from `owner` to `receiver`.
fn obstacle(scope: &Right, owner: UserId, receiver: Owner, may_own_key: bool, client: &Client) -> Option<Obstacle> {
    match () {
        () if client.owner_id != owner => Some(Obstacle::OtherOwner),
        () if client.status == ClientStatus::Archived => Some(Obstacle::Archived),
        () if scope.permit(client).is_err() => Some(Obstacle::Forbidden),
        () if scope.permit_recipient(receiver.team_id).is_err() => Some(Obstacle::ReceiverOutOfReach),
        () if scope.refuse_taking(owner, receiver.id).is_err() => Some(Obstacle::Taking),
        () if client.is_key && !may_own_key => Some(Obstacle::KeyClient),
        () => None,
    }
}

/// Refuses a receiver who could not see the clients. Whether they can see one of them as its owner decides about all: only
/// their role counts.
async fn refuse_blind(db: &AsyncPgConnection, scope: &Right, receiver: Owner, one: Option<&Client>) -> Result<()> {
    let Some(one) = one.filter(|_| scope.actor().user_id() != Some(receiver.id)) else { return Ok(()) };
    let theirs = Client { owner_id: receiver.id, team_id: receiver.team_id, ..one.clone() };
    match may_read_as_owner(db, receiver.id, &theirs).await? {
        true => Ok(()),
        false => Err(clients::cannot_see("/receiver_id")),
    }
}
