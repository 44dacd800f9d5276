//! `liaison seed --clients NUMBER`: made-up clients.

use std::{path::PathBuf, time::Instant};

use clap::Args;

use super::{DemoPassword, chosen_password};
use crate::{
    clock::Clock,
    db::{self, privileges},
    error::{Error, Result},
    secrets::Secrets,
    seed::{self, MOST, Plan, Share},
    setup::{self, Urls},
};

/// What clients to make up.
#[derive(Args, Clone)]
#[command(next_help_heading = "Made-up clients")]
pub struct SeedClients {
    /// How many clients, Russian and English, with contacts and users to whom they belong: user0@seed.example and so on, and
    /// supervisor@seed.example. A million takes some minutes. They are written past the audit log and the events.
    #[arg(long, value_name = "NUMBER", required = true, value_parser = clap::value_parser!(u32).range(1..=i64::from(MOST)))]
    clients: Option<u32>,
    /// What all chance follows from: the same seed makes the same clients, whose times are counted back from now.
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
    /// How many of the clients are second entries of earlier ones: 30 % of them with the same taxpayer number, 20 % with the
    /// same telephone number, 10 % with the same e-mail address, 40 % with only the name in another form, and the town, in
    /// common.
    #[arg(long, value_name = "PERCENT", default_value = "2%")]
    duplicates: Share,
    /// How many of the second entries have a wrong, missing, doubled or swapped letter in their name.
    #[arg(long, value_name = "PERCENT", default_value = "40%")]
    typos: Share,
    /// Write the pairs into this file, as CSV: both ids, what they have in common, whether the name is misspelt.
    #[arg(long, value_name = "FILE")]
    truth: Option<PathBuf>,
    /// Add to a database that has clients already. Give another seed then.
    #[arg(long)]
    more: bool,
}

/// Executes the command and prints the result.
///
/// # Errors
/// When the database has clients already, or its login may not put indexes aside.
pub async fn seed_clients(urls: &Urls, secrets: &Secrets, wanted: &SeedClients, given: &DemoPassword) -> Result<()> {
    let SeedClients { clients: Some(clients), seed, duplicates, typos, truth, more } = wanted else {
        return Err(Error::internal("say how many: `--clients NUMBER`"));
    };
    let began = Instant::now();
    setup::bring_up_to_date(urls, secrets, &Clock::system()).await?;
    let mut owner = db::connect(&urls.owner).await?;
    if !privileges::may_migrate(&mut owner).await? {
        return Err(Error::internal("this is for the owner of the database: give LIAISON_MIGRATION_DATABASE_URL"));
    }
    let (password, shown) = chosen_password(given)?;
    let plan = Plan { clients: *clients, seed: *seed, duplicates: *duplicates, typos: *typos };
    let loaded = seed::load(&mut owner, secrets, &plan, password, truth.as_deref(), *more).await?;
    let (seconds, owners) = (began.elapsed().as_secs(), plan.owners());
    println!(
        "{clients} clients with {} contacts are written in {seconds} s, {} of them second entries.",
        loaded.contacts, loaded.copies
    );
    println!("They belong to {owners} users, user0@seed.example and so on; supervisor@seed.example sees all of them.");
    println!("All sign in with the password {shown}");
    Ok(())
}
