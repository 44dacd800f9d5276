//! The background that sends what is in the queue.

use std::time::Duration;

use diesel_async::AsyncPgConnection;

use super::{
    letter::Letter,
    queue::{self, Due},
};
use crate::{
    app::State,
    audit::{self, Origin},
    auth,
    db::Db,
    error::Result,
    rest::{change, text::Email},
};

/// How long a letter waits at most.
pub const EVERY: Duration = Duration::from_secs(5);

/// Sends what is due now, until the server is to end; tells how many letters the mail server took.
///
/// # Errors
/// The database's; that the mail server does not answer is logged, and the letter tried again later.
pub async fn deliver(db: &Db, state: &State) -> Result<usize> {
    let mut sent = 0;
    while !state.lifecycle.is_stopping() {
        let mut connection = db.connect().await?;
        let Some(due) = queue::claim(&mut connection, state.clock.now()).await? else { return Ok(sent) };
        let letter = written(&mut connection, state, &due).await?;
        // The mail server may take its time: others may have the connection meanwhile.
        drop(connection);
        let done = match letter {
            Some(letter) => {
                let went = send(state, &due, letter).await;
                sent += usize::from(went);
                went
            }
            None => true,
        };
        if done {
            queue::delete(&mut *db.connect().await?, due.id).await?;
        }
    }
    Ok(sent)
}

/// The letter to be sent, if any.
async fn written(db: &mut AsyncPgConnection, state: &State, due: &Due) -> Result<Option<Letter>> {
    let (email, origin) = match due.open(&state.secrets) {
        Ok(Letter::Forgotten { email, from, request_id }) => {
            (email, Origin { address: from, request_id, ..Origin::default() })
        }
        Ok(letter) => return Ok(Some(letter)),
        Err(error) => {
            tracing::error!(%error, "mail that cannot be read is thrown away");
            return Ok(None);
        }
    };
    let Ok(email) = Email::parse(&email) else { return Ok(None) };
    let now = state.clock.now();
    change::by_system(db, &state.secrets, now, async |tx| {
        let Some(user) = auth::user_of(tx, &email).await? else { return Ok(None) };
        let letter = Letter::reset(email.as_str(), auth::issue_reset(tx, user, now).await?);
        queue::replace(tx, &state.secrets, due.id, &letter).await?;
        audit::reset_requested(tx, &state.secrets, user, &origin).await?;
        Ok(Some(letter))
    })
    .await
}

async fn send(state: &State, due: &Due, letter: Letter) -> bool {
    let (Some(transport), Some(text)) = (&state.mail.transport, letter.text(&state.mail)) else { return true };
    match transport.send(due.id, text, state.clock.now()).await {
        Ok(()) => true,
        Err(error) => {
            tracing::warn!(%error, attempt = due.attempts, "mail was not taken; trying again");
            false
        }
    }
}
