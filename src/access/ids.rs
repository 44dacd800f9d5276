//! The identifiers of users, teams, sessions and API keys, which many slices refer to.

use crate::values::Id;

/// Labels of identifiers whose rows several slices refer to.
pub mod label {
    use crate::values::Resource;

    /// Of users.
    #[derive(Debug)]
    pub enum User {}
    impl Resource for User {
        const NAME: &'static str = "users";
    }
    /// Of teams.
    #[derive(Debug)]
    pub enum Team {}
    impl Resource for Team {
        const NAME: &'static str = "teams";
    }
    /// Of sessions.
    #[derive(Debug)]
    pub enum Session {}
    impl Resource for Session {
        const NAME: &'static str = "sessions";
    }
    /// Of API keys.
    #[derive(Debug)]
    pub enum ApiKey {}
}

/// A user's identifier.
pub type UserId = Id<label::User>;
/// A team's identifier.
pub type TeamId = Id<label::Team>;
/// A session's identifier.
pub type SessionId = Id<label::Session>;
/// An API key's identifier.
pub type ApiKeyId = Id<label::ApiKey>;
