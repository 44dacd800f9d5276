//! Whether a database can be reached, and if not, what to do about it.

use std::{fmt, io};

use tokio_postgres::{Config, Error, config::Host, error::SqlState};

use super::{OpenError, Target};

/// Why a database cannot be reached, in words for the operator. It has no password.
#[derive(Debug)]
pub struct Unreachable {
    place: String,
    cause: String,
    remedy: &'static str,
}

impl fmt::Display for Unreachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, cause, remedy } = self;
        write!(f, "cannot connect to {place}: {cause}; {remedy}")
    }
}

impl Target {
    /// Connects once.
    ///
    /// # Errors
    /// When no host lets us connect.
    pub async fn reach(&self) -> Result<(), Unreachable> {
        let unreachable =
            |error: OpenError| Unreachable { place: self.place(), cause: error.to_string(), remedy: remedy(&error) };
        self.try_once().await.map_err(unreachable)
    }

    /// The hosts, the database and the user, without the password.
    fn place(&self) -> String {
        let Self { config, .. } = self;
        let user = config.get_user().unwrap_or("the user of this process");
        let database = config.get_dbname().unwrap_or(user);
        format!("{} as user {user}, database {database}", hosts(config))
    }
}

fn hosts(config: &Config) -> String {
    let ports = config.get_ports();
    let port = |number: usize| ports.get(number).or(ports.first()).copied().unwrap_or(5432);
    let named = config.get_hosts().iter().enumerate().map(|(number, host)| match host {
        Host::Tcp(name) => format!("{name}:{}", port(number)),
        Host::Unix(folder) => format!("{}/.s.PGSQL.{}", folder.display(), port(number)),
    });
    let names: Vec<String> = named.collect();
    match names.is_empty() {
        true => format!("127.0.0.1:{}", port(0)),
        false => names.join(" or "),
    }
}

fn remedy(error: &OpenError) -> &'static str {
    const ADDRESS: &str = "start Postgres there, or correct the host and the port";
    let error = match error {
        OpenError::NoHost => return "give a host, and one port for all or for each",
        OpenError::Network(_) | OpenError::Silent(_) => return ADDRESS,
        OpenError::Unfit(_) => return "name the server that takes changes, or correct target_session_attrs",
        OpenError::Refused(error) => error,
    };
    match error.code() {
        Some(&SqlState::INVALID_PASSWORD | &SqlState::INVALID_AUTHORIZATION_SPECIFICATION) => {
            "correct the user or the password"
        }
        Some(&SqlState::INVALID_CATALOG_NAME) => "create the database with `createdb`, or correct its name",
        Some(&SqlState::TOO_MANY_CONNECTIONS) => "try again, or raise max_connections of that server",
        Some(&SqlState::CANNOT_CONNECT_NOW) => "try again when that server has started",
        Some(_) => "the log of that server may say more",
        None if is_of_the_network(error) => ADDRESS,
        None => "correct the URL, or what it needs on that server",
    }
}

fn is_of_the_network(error: &Error) -> bool {
    std::error::Error::source(error).and_then(|source| source.downcast_ref::<io::Error>()).is_some()
}

#[cfg(test)]
mod tests {
    use super::Target;

    #[test]
    fn a_place_has_no_password() {
        let place = |url: &str| Target::parse(url).unwrap().place();
        assert_eq!(place("postgres://ann:hush@localhost:6543/crm"), "localhost:6543 as user ann, database crm");
        assert_eq!(place("postgres://ann@/crm?host=/run/pg"), "/run/pg/.s.PGSQL.5432 as user ann, database crm");
        assert_eq!(place("postgres://ann@localhost,127.0.0.1:5433/crm").matches(" or ").count(), 1);
    }
}
