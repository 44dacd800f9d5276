//! What the process gives up at its start, before it has threads: rights that it never needs.

use std::{
    fmt::Display,
    fs,
    os::unix::fs::{MetadataExt, chown},
    path::Path,
};

use caps::{CapSet, Capability, CapsHashSet};
use nix::{
    sys::prctl::{set_keepcaps, set_no_new_privs},
    unistd::{User, geteuid, setgid, setgroups, setuid},
};

use crate::local_postgres::make_data_dir;

/// What a process of root's needs: to run Postgres as another user and to reach that user's files (`CHOWN`,
/// `DAC_OVERRIDE`, `FOWNER`, `SETUID`, `SETGID`), to see and to end those processes (`SYS_PTRACE`, `KILL`), and to listen
/// on a port below 1024.
const OF_ROOT: [Capability; 8] = [
    Capability::CAP_CHOWN,
    Capability::CAP_DAC_OVERRIDE,
    Capability::CAP_FOWNER,
    Capability::CAP_KILL,
    Capability::CAP_NET_BIND_SERVICE,
    Capability::CAP_SETGID,
    Capability::CAP_SETUID,
    Capability::CAP_SYS_PTRACE,
];

/// What a process needs that was started as root and has become another user.
const OF_OTHERS: [Capability; 1] = [Capability::CAP_NET_BIND_SERVICE];

/// No program that this one starts can gain rights, such as by a set-user-id bit. Started as root, the process becomes
/// `user`, to whom the data folder then has to belong; without one it stays root, with the capabilities that it needs. In
/// both cases it leaves its supplementary groups.
///
/// # Errors
/// When the system refuses, or the data folder is another user's.
pub fn give_up_rights(user: Option<&User>, data_dir: &Path) -> Result<(), String> {
    set_no_new_privs().map_err(explain)?;
    if !geteuid().is_root() {
        return Ok(());
    }
    let had = caps::read(None, CapSet::Permitted).map_err(explain)?;
    if had.contains(&Capability::CAP_SETGID) {
        setgroups(&[]).map_err(explain)?;
    }
    let Some(user) = user else {
        bound(&had, &OF_ROOT)?;
        return keep_only(&had, &OF_ROOT);
    };
    hand_over(data_dir, user)?;
    bound(&had, &OF_OTHERS)?;
    // Else they would all go with the id.
    set_keepcaps(true).map_err(explain)?;
    setgid(user.gid).and_then(|()| setuid(user.uid)).map_err(explain)?;
    keep_only(&had, &OF_OTHERS)
}

/// Gives a data folder that is missing or empty to `user`. One with files may hold those of a server that runs.
fn hand_over(data_dir: &Path, user: &User) -> Result<(), String> {
    make_data_dir(data_dir).map_err(explain)?;
    let owner = fs::metadata(data_dir).map_err(explain)?.uid();
    let is_empty = fs::read_dir(data_dir).map_err(explain)?.next().is_none();
    let (User { name, uid, gid, .. }, folder) = (user, data_dir.display());
    match (owner == uid.as_raw(), is_empty) {
        (true, _) => Ok(()),
        (false, true) => chown(data_dir, Some(uid.as_raw()), Some(gid.as_raw())).map_err(explain),
        (false, false) => Err(format!(
            "--user (LIAISON_USER) is `{name}`, but the data folder {folder} belongs to the user with id {owner}: end what \
             uses it and run `chown -R {name}: {folder}`, or name another --data-dir"
        )),
    }
}

fn keep_only(had: &CapsHashSet, needed: &[Capability]) -> Result<(), String> {
    let kept = needed.iter().copied().filter(|capability| had.contains(capability)).collect();
    caps::clear(None, CapSet::Inheritable).map_err(explain)?;
    caps::set(None, CapSet::Effective, &kept).map_err(explain)?;
    caps::set(None, CapSet::Permitted, &kept).map_err(explain)
}

/// No program that this one starts can have more than what is `needed`.
fn bound(had: &CapsHashSet, needed: &[Capability]) -> Result<(), String> {
    caps::clear(None, CapSet::Ambient).map_err(explain)?;
    // In a container, the runtime has often taken this right, and set the bound itself.
    if !had.contains(&Capability::CAP_SETPCAP) {
        return Ok(());
    }
    let bounding = caps::read(None, CapSet::Bounding).map_err(explain)?;
    let mut unneeded = bounding.into_iter().filter(|capability| !needed.contains(capability));
    unneeded.try_for_each(|capability| caps::drop(None, CapSet::Bounding, capability)).map_err(explain)
}

fn explain(error: impl Display) -> String {
    format!("cannot give up the rights that it does not need: {error}")
}
