//! Users, teams and roles.
