//! `liaison secrets`: the master secret.

use clap::Subcommand;

use crate::{
    audit,
    clock::Clock,
    config::BaseSettings,
    db::{self, privileges},
    error::{Error, Result},
    secrets::{
        Secrets,
        reseal::{self, Resealed},
    },
    setup::{self, SEALED, Urls},
};

/// What to do with the master secret.
#[derive(Subcommand, Clone)]
pub enum SecretsCommand {
    /// Seal everything again that a former master secret has sealed, while servers run. Give the former secret as a
    /// fallback, and remove it afterwards. The command may be stopped and repeated at any time.
    Reseal(BaseSettings),
}

impl SecretsCommand {
    /// The settings of the command.
    pub fn settings(&self) -> &BaseSettings {
        let Self::Reseal(settings) = self;
        settings
    }
}

/// Executes the command and prints the result.
///
/// # Errors
/// When something is still sealed with another secret, or the database login may not change the sealed data.
pub async fn secrets(urls: &Urls, secrets: &Secrets) -> Result<()> {
    let clock = Clock::system();
    setup::bring_up_to_date(urls, secrets, &clock).await?;
    let mut owner = db::connect(&urls.owner).await?;
    if !privileges::may_migrate(&mut owner).await? {
        return Err(Error::internal("this is for the owner of the database: give LIAISON_MIGRATION_DATABASE_URL"));
    }
    audit::refuse_replaced(&mut owner, secrets).await?;
    let mut left = Vec::new();
    for place in &SEALED {
        let Resealed { resealed, unreadable, locked } = reseal::reseal(&mut owner, secrets, place).await?;
        println!("{}: {resealed} sealed anew", place.what);
        if unreadable > 0 {
            left.push(format!("{unreadable} {} open with no secret that is given", place.what));
        }
        if locked > 0 {
            left.push(format!(
                "{locked} {} are in use or come from a server with a former secret: repeat it",
                place.what
            ));
        }
    }
    if !left.is_empty() {
        return Err(Error::internal(left.join("; ")));
    }
    for id in audit::retire_former(&mut owner, secrets, clock.now()).await? {
        println!("The audit log is signed with the secret {} from now on, and no more with {id}", secrets.id());
    }
    println!("Everything is sealed with the secret {}; no other is needed", secrets.id());
    Ok(())
}
