//! Which clients are the same: what a search for duplicates is measured by.

use std::{fs::File, io::BufWriter, path::Path};

use super::{again::Copy, made::Plan};
use crate::error::{Error, Result};

/// A file of the pairs: CSV with the first and the second entry, what both have in common, and whether the name of the second
/// is misspelt.
pub struct Truth(Option<csv::Writer<BufWriter<File>>>);

impl Truth {
    /// A new file at `path`; without one, nothing is written.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub fn begin(path: Option<&Path>) -> Result<Self> {
        let Some(path) = path else { return Ok(Self(None)) };
        let file = File::create(path).map_err(|error| Error::internal(format!("{}: {error}", path.display())))?;
        let mut file = csv::Writer::from_writer(BufWriter::new(file));
        file.write_record(["client_id", "duplicate_id", "in_common", "misspelt"]).map_err(Error::internal)?;
        Ok(Self(Some(file)))
    }

    /// Notes that the client `number` is a second entry.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn add(&mut self, plan: &Plan, number: u32, copy: Copy) -> Result<()> {
        let Some(file) = &mut self.0 else { return Ok(()) };
        let (first, second) = (plan.id(copy.of, 0).to_string(), plan.id(number, 0).to_string());
        let misspelt = if copy.is_misspelt { "true" } else { "false" };
        file.write_record([first.as_str(), &second, copy.how.into(), misspelt]).map_err(Error::internal)
    }

    /// Writes what is left.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn end(self) -> Result<()> {
        self.0.map_or(Ok(()), |mut file| file.flush().map_err(Error::internal))
    }
}
