//! The background job that sends the mail in the queue.

use std::time::Duration;

use diesel_async::AsyncPgConnection;

use super::{
    Mail,
    letter::Letter,
    queue::{self, Due},
};
use crate::{
    change::{self, Origin, Tx},
    clock::Clock,
    db::Db,
    error::Result,
    lifecycle::Lifecycle,
    secrets::Secrets,
    values::Email,
};

/// How often the queue is checked.
pub const EVERY: Duration = Duration::from_secs(5);

/// Sends the letters that are due now, or stops early when the server ends. Returns how many letters the mail server
/// accepted. `answer` writes the letter for somebody who has forgotten the password.
///
/// # Errors
/// When the database fails. When the mail server does not answer, that is only logged, and the letter is tried again
/// later.
pub async fn deliver(
    db: &Db,
    mail: &Mail,
    secrets: &Secrets,
    clock: &Clock,
    lifecycle: &Lifecycle,
    answer: impl AsyncFn(&mut Tx<'_>, &Email, &Origin) -> Result<Option<Letter>>,
) -> Result<usize> {
    let mut sent = 0;
    while !lifecycle.is_stopping() {
        let mut connection = db.connect().await?;
        let Some(due) = queue::claim(&mut connection, clock.now()).await? else { return Ok(sent) };
        let letter = written(&mut connection, secrets, clock, &due, &answer).await?;
        // The mail server may be slow: others can use the connection meanwhile.
        drop(connection);
        let done = match letter {
            Some(letter) => {
                let went = send(mail, clock, &due, letter).await;
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
async fn written(
    db: &mut AsyncPgConnection,
    secrets: &Secrets,
    clock: &Clock,
    due: &Due,
    answer: impl AsyncFn(&mut Tx<'_>, &Email, &Origin) -> Result<Option<Letter>>,
) -> Result<Option<Letter>> {
    let (email, origin) = match due.open(secrets) {
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
    change::by_system(db, secrets, clock.now(), async |tx| {
        let Some(letter) = answer(tx, &email, &origin).await? else { return Ok(None) };
        queue::replace(tx, secrets, due.id, &letter).await?;
        Ok(Some(letter))
    })
    .await
}

async fn send(mail: &Mail, clock: &Clock, due: &Due, letter: Letter) -> bool {
    let (Some(transport), Some(text)) = (&mail.transport, letter.text(mail)) else { return true };
    match transport.send(due.id, text, clock.now()).await {
        Ok(()) => true,
        Err(error) => {
            tracing::warn!(%error, attempt = due.attempts, "mail was not taken; trying again");
            false
        }
    }
}
