//! Clients with their contacts, one of each in a row.

mod apply;
mod entry;
mod fates;
mod fields;
mod undo;

use self::entry::Entry;
use super::{
    fields::Fields,
    kind::{About, Earlier, Kind},
    reader::{Read, Reader, Values, Wrong},
    row::Undo,
    rows::{Applied, Checked, Loaded},
};
use crate::{
    access::{Actor, Create, Reach},
    change::Tx,
    clients::{Client, ClientTerms},
    error::Result,
    values::members_of,
};

/// Rows that are clients.
#[derive(Debug)]
pub enum Clients {}

impl Kind for Clients {
    type Entry = Entry;

    const FIELDS: Fields = fields::FIELDS;

    fn permit(tx: &Tx<'_>) -> Result<()> {
        tx.scope::<Client, Create>().map(drop)
    }

    fn hidden(actor: &Actor) -> &'static [&'static str] {
        match actor.reach("clients:read_confidential") > Reach::None {
            true => &[],
            false => members_of::<ClientTerms>().confidential(),
        }
    }

    fn read(reader: &Reader<'_>, values: &Values<'_>, wrong: &mut Wrong) -> Option<Entry> {
        entry::read(reader, values, wrong)
    }

    async fn check(
        tx: &mut Tx<'_>,
        about: &About<'_>,
        earlier: Earlier<'_>,
        rows: Vec<Read<'_, Entry>>,
    ) -> Result<Vec<Checked>> {
        fates::find(tx, about, earlier, rows).await
    }

    async fn apply(tx: &mut Tx<'_>, about: &About<'_>, rows: Vec<Read<'_, Entry>>) -> Result<Vec<Applied>> {
        apply::all(tx, about, rows).await
    }

    async fn take_back(tx: &mut Tx<'_>, row: &Loaded) -> Result<Undo> {
        undo::take_back(tx, row).await
    }
}
