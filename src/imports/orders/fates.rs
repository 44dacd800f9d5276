//! The fate of each row that is a line of a past order. The rows of one order have one fate.

use super::{Entry, lookup::Lookup, order};
use crate::{
    change::Tx,
    error::{Error, Result},
    imports::{
        kind::About,
        reader::{Read, note, refused},
        row::{Fate, Note},
        rows::Checked,
    },
    orders::{self, Order, RecordOrder},
    values::{Invalid, Say},
};

/// The fates of rows.
///
/// # Errors
/// When the database fails.
pub async fn find(tx: &mut Tx<'_>, about: &About<'_>, rows: &[Read<'_, Entry>]) -> Result<Vec<Checked>> {
    let lookup = Lookup::load(tx, about.import, rows).await?;
    let mut checked = Vec::with_capacity(rows.len());
    for group in rows.chunk_by(|one, next| one.row.group_line == next.row.group_line) {
        checked.extend(of_group(tx, about, &lookup, group).await?);
    }
    Ok(checked)
}

async fn of_group(
    tx: &mut Tx<'_>,
    about: &About<'_>,
    lookup: &Lookup,
    group: &[Read<'_, Entry>],
) -> Result<Vec<Checked>> {
    let mut fates: Vec<Checked> = group.iter().map(Read::unfit).collect();
    if let Some(target) = lookup.existing(about.import, group) {
        for fate in &mut fates {
            fate.fate = Fate::Duplicate;
            fate.target_id = target;
        }
        return Ok(fates);
    }
    if group.iter().all(|row| !row.is_wrong) {
        let wrong = match order::of(about.import, lookup, group) {
            Ok(new) => refusals(tx, about, group, new).await?,
            Err(wrong) => notes(about, wrong),
        };
        if wrong.is_empty() {
            for fate in &mut fates {
                fate.fate = Fate::Create;
            }
            return Ok(fates);
        }
        for (at, note) in wrong {
            if let Some(fate) = fates.get_mut(at) {
                fate.notes.push(note);
            }
        }
    }
    let say = Say::new("Another row of this order is wrong.", "В другой строке этого заказа ошибка.");
    let of_order = note(about.import, about.language, None, &Invalid::Rule("of_order", say));
    let sound = fates.iter_mut().filter(|fate| fate.notes.is_empty());
    sound.for_each(|fate| fate.notes.push(of_order.clone()));
    Ok(fates)
}

/// Why whoever imports could not record the order.
async fn refusals(
    tx: &mut Tx<'_>,
    about: &About<'_>,
    group: &[Read<'_, Entry>],
    new: orders::NewPastOrder,
) -> Result<Vec<(usize, Note)>> {
    let scope = tx.scope::<Order, RecordOrder>()?;
    match refused(orders::prepare(tx, &scope, new).await)? {
        Ok(_) => Ok(Vec::new()),
        Err(refusal) => Ok(told(about, group, refusal)),
    }
}

fn told(about: &About<'_>, group: &[Read<'_, Entry>], error: Error) -> Vec<(usize, Note)> {
    let whole = error.document(about.language, "", "");
    let entries: Vec<&Entry> = group.iter().filter_map(|row| row.entry.as_ref()).collect();
    let fields = error.into_fields();
    if fields.is_empty() {
        return vec![(0, Note { column: None, head: None, code: whole.code, detail: whole.detail })];
    }
    let placed = fields.into_iter().map(|field| {
        let (pointer, invalid) = field.into_parts();
        let (at, place) = order::told_at(&entries, about.import, &pointer);
        (at, place, invalid)
    });
    notes(about, placed.collect())
}

fn notes(about: &About<'_>, wrong: order::Wrong) -> Vec<(usize, Note)> {
    let said = |(at, place, invalid): (usize, Option<usize>, Invalid)| {
        (at, note(about.import, about.language, place, &invalid))
    };
    wrong.into_iter().map(said).collect()
}
