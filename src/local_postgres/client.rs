use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use super::{
    binaries::{parse_version, places},
    download,
};

/// A client program such as `pg_dump`, which has to be as new as the server: the newest that is installed, or that came
/// with a download into `data_dir`. `None` if there is none of version `major` or newer.
#[must_use]
pub fn client_program(name: &str, data_dir: &Path, major: u32) -> Option<PathBuf> {
    let programs = places(&download::folder(data_dir)).into_iter().map(|folder| folder.join(name));
    programs
        .filter(|program| program.is_file())
        .filter_map(|program| Some((version(&program)?, program)))
        .filter(|((found, _), _)| *found >= major)
        .max_by_key(|(version, _)| *version)
        .map(|(_, program)| program)
}

fn version(program: &Path) -> Option<(u32, u32)> {
    let output = Command::new(program).arg("--version").stdin(Stdio::null()).output().ok()?;
    parse_version(&String::from_utf8_lossy(&output.stdout))
}
