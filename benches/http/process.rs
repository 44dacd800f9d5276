//! Processor time and memory of processes, as Linux reports them. On other systems the figures are empty.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

/// Ticks per second in `/proc`.
const TICKS: f64 = 100.0;

/// Seconds of processor time.
#[derive(Clone, Copy, Debug, Default)]
pub struct Used {
    /// The server's.
    pub server: f64,
    /// That of Postgres with all its processes.
    pub postgres: f64,
    /// That of the programs that generate the load.
    pub load: f64,
    /// That of the whole machine.
    pub all: f64,
}

impl Used {
    /// The time used up to now, with the process ids of the server and of Postgres' main process.
    pub fn now(server: u32, postmaster: u32) -> Self {
        Self {
            server: own(server),
            postgres: own(postmaster)
                + ended_children(postmaster)
                + children(postmaster).into_iter().map(own).sum::<f64>(),
            load: ended_children(std::process::id()),
            all: machine(),
        }
    }

    /// The average number of processors used over `time`.
    pub fn over(self, time: Duration) -> Self {
        let time = time.as_secs_f64();
        Self {
            server: self.server / time,
            postgres: self.postgres / time,
            load: self.load / time,
            all: self.all / time,
        }
    }

    /// What other programs on the machine used.
    pub fn others(self) -> f64 {
        (self.all - self.server - self.postgres - self.load).max(0.0)
    }

    /// The time used since `then`.
    pub fn since(self, then: Self) -> Self {
        Self {
            server: self.server - then.server,
            postgres: self.postgres - then.postgres,
            load: self.load - then.load,
            all: self.all - then.all,
        }
    }
}

/// The fields of `/proc/<pid>/stat` after the name, which may have spaces.
fn stat(pid: u32) -> Vec<f64> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let fields = text.rsplit_once(')').map(|(_, fields)| fields).unwrap_or_default();
    fields.split_whitespace().map(|field| field.parse().unwrap_or_default()).collect()
}

fn sum(fields: &[f64], from: usize) -> f64 {
    fields.iter().skip(from).take(2).sum::<f64>() / TICKS
}

/// User and system time, fields 14 and 15 of the whole line.
fn own(pid: u32) -> f64 {
    sum(&stat(pid), 11)
}

/// The processor time of children that have ended and were waited for.
fn ended_children(pid: u32) -> f64 {
    sum(&stat(pid), 13)
}

/// The processor time of this process itself.
pub fn of_this() -> f64 {
    own(std::process::id())
}

fn children(pid: u32) -> Vec<u32> {
    let text = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    text.split_whitespace().filter_map(|child| child.parse().ok()).collect()
}

/// User, nice, system and interrupt time of the whole machine.
fn machine() -> f64 {
    let text = fs::read_to_string("/proc/stat").unwrap_or_default();
    let fields: Vec<f64> =
        text.lines().next().unwrap_or_default().split_whitespace().skip(1).filter_map(|f| f.parse().ok()).collect();
    let busy: f64 = [0, 1, 2, 5, 6].iter().filter_map(|index| fields.get(*index)).sum();
    busy / TICKS
}

/// A line of `/proc/<pid>/status` in MB, such as `VmRSS`.
pub fn memory(pid: u32, name: &str) -> Option<f64> {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    line.split_whitespace().nth(1)?.parse::<f64>().ok().map(|kilobytes| kilobytes / 1024.0)
}

/// The program's place in the search path, or otherwise the newest `<folder>/*/<rest>`.
pub fn found(program: &str, folder: &str, rest: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).map(|folder| folder.join(program)).find(|path| path.is_file());
    on_path.or_else(|| {
        let mut versions: Vec<PathBuf> =
            fs::read_dir(Path::new(folder)).ok()?.flatten().map(|entry| entry.path().join(rest)).collect();
        versions.retain(|path| path.is_file());
        versions.sort();
        versions.pop()
    })
}

/// The value below which `share` of the sorted `values` are.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a position in a list"
)]
pub fn percentile(values: &[f64], share: f64) -> f64 {
    let position = (values.len() as f64 * share) as usize;
    values.get(position).or(values.last()).copied().unwrap_or_default()
}
