use std::{ffi::OsString, fs, io::Write, path::Path, process::Command};

use super::{
    account::private_file,
    cluster::Cluster,
    error::{Result, io},
    socket::PORT,
};

/// The settings of every local server. Errors of single statements are left to Liaison's log (`log_min_messages`), so
/// that the server's log stays small without rotation.
const SETTINGS: [&str; 11] = [
    "listen_addresses=",
    // Each thread needs 14 connections, which must suffice on a machine with many cores too.
    "max_connections=300",
    "unix_socket_permissions=0700",
    "shared_buffers=128MB",
    "jit=off",
    "timezone=UTC",
    "log_timezone=UTC",
    "log_destination=stderr",
    "logging_collector=off",
    "log_checkpoints=off",
    "log_min_messages=log",
];

/// Who may connect: whoever may enter the socket's folder (mode 0700), and nobody over a network, even if
/// `listen_addresses` is changed. It takes the place of the file in the cluster's folder, in which earlier versions
/// trusted the machine's own network.
const WHO_MAY_CONNECT: &str = "# Written anew at each start.
local all         all     trust
local replication all     trust
host  all         all all reject
host  replication all all reject
";

/// The command that runs the server on the cluster, with its settings and its log.
pub(super) fn command(cluster: &Cluster, program: &Path, socket_dir: &Path, further: &[String]) -> Result<Command> {
    // Emptied at each start: a small log needs no other rotation.
    let log = private_file(&cluster.log)?;
    let log_too = log.try_clone().map_err(io("write", &cluster.log))?;
    let mut command = cluster.account.command(program);
    command.arg("-D").arg(&cluster.folder).arg("-k").arg(socket_dir).args(["-p", &PORT.to_string()]);
    command.arg("-c").arg(who_may_connect(cluster)?);
    for setting in SETTINGS.into_iter().chain(further.iter().map(String::as_str)) {
        command.args(["-c", setting]);
    }
    command.stdout(log).stderr(log_too);
    Ok(command)
}

/// Writes the rules and returns the setting that names their file. It is not in the cluster's folder: root must not write
/// where another user could create links.
fn who_may_connect(cluster: &Cluster) -> Result<OsString> {
    let path = cluster.data_dir.join("postgres-hba.conf");
    private_file(&path)?.write_all(WHO_MAY_CONNECT.as_bytes()).map_err(io("write", &path))?;
    cluster.account.give(&path)?;
    let mut setting = OsString::from("hba_file=");
    setting.push(path);
    Ok(setting)
}

/// Puts the log of a server that has died aside as `postgres.log.1`: it may say why.
pub(super) fn keep_log(log: &Path) {
    // A log that is missing is no reason not to start.
    let _ = fs::rename(log, log.with_extension("log.1"));
}

/// The log's last lines, which give the reason for a failed start.
pub(super) fn log_tail(log: &Path) -> String {
    let text = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<_> = text.lines().collect();
    let kept = lines.len().saturating_sub(20);
    lines.into_iter().skip(kept).collect::<Vec<_>>().join("\n")
}
