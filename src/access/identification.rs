//! Finds the caller behind a token.

use std::{net::IpAddr, sync::Arc};

use actix_web::web::Data;

use super::{
    Caller, Callers,
    api_key::{self, Presented},
    api_key_caller::Occasion,
    token::{Subject, Tokens, Verified},
    token_keys::KeyRing,
};
use crate::{clock::Clock, db::Db, error::Result, secrets::Secrets};

/// Everything that is needed to find out who has a token.
#[derive(Clone)]
pub struct Identification {
    /// The time.
    pub clock: Data<Clock>,
    /// The secrets that open the signing keys.
    pub secrets: Data<Secrets>,
    /// The keys of access tokens.
    pub keys: Data<KeyRing>,
    /// Checks access tokens.
    pub tokens: Data<Tokens>,
    /// Who is behind a session or a key.
    pub callers: Data<Callers>,
}

impl Identification {
    /// The caller who has `token`, an access token or an API key, and calls from `address`. A text that is not a token
    /// causes no query.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn caller(&self, db: &Db, token: &str, address: Option<IpAddr>) -> Result<Option<Arc<Caller>>> {
        let on = Occasion { address, now: self.clock.now() };
        if token.starts_with(api_key::PREFIX) {
            let Some(key) = Presented::parse(token) else { return Ok(None) };
            return self.callers.of_key(db, &key, on).await;
        }
        let Some(Verified { subject, user }) = self.verify(db, token).await? else { return Ok(None) };
        let caller = match subject {
            Subject::Session(session) => self.callers.find(db, session, on.now).await?,
            Subject::Key { id, scopes } => self.callers.of_key_token(db, id, scopes.as_deref(), on).await?,
        };
        Ok(caller.filter(|caller| caller.user_id == user))
    }

    /// What `token` says, when it is one of our access tokens and still valid. Finds a signing key that was made a
    /// moment ago, too.
    ///
    /// # Errors
    /// When the database cannot be asked for a key that is not known.
    pub async fn verify(&self, db: &Db, token: &str) -> Result<Option<Verified>> {
        let now = self.clock.now();
        if let Some(verified) = self.tokens.verify(&self.keys, token, now) {
            return Ok(Some(verified));
        }
        if !self.tokens.names_unknown_key(&self.keys, token) {
            return Ok(None);
        }
        // Boxed, since its state would otherwise be part of the future of every request.
        Box::pin(self.keys.ask(db, &self.secrets, now)).await?;
        Ok(self.tokens.verify(&self.keys, token, now))
    }
}
