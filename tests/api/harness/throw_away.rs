//! A Postgres for one run of the tests: fast, and gone with the run.

use std::{
    fs,
    os::unix::process::{CommandExt, ExitStatusExt},
    path::Path,
    process::{Child, Command, Stdio},
};

use liaison::local_postgres::{LocalPostgres, Settings};

/// What makes the server fast. A power cut would lose its data.
const SETTINGS: [&str; 5] =
    ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "wal_level=minimal", "max_wal_senders=0"];

/// Waits for the end of its input, which comes when the tests' process is gone, however it ended. Then it ends the server
/// of the folder and removes the folder; twice, since a program that still worked in it may have made a file meanwhile.
const WATCHDOG: &str = r#"
trap '' HUP INT QUIT TERM
cat > /dev/null
pid=$(head -n 1 "$1/postgres/postmaster.pid")
if [ -n "$pid" ]; then
    kill -QUIT "$pid"
    tries=0
    while [ "$tries" -lt 100 ] && kill -0 "$pid"; do sleep 0.1; tries=$((tries + 1)); done
    kill -KILL "$pid"
fi
rm -rf -- "$1"
sleep 1
rm -rf -- "$1"
"#;

/// A running server. It and its folder are gone some seconds after this process, even when that is killed.
pub struct ThrowAway {
    pub postgres: LocalPostgres,
    /// Its input ends with this process.
    _watchdog: Child,
}

impl ThrowAway {
    /// Starts the server in a folder of its own.
    pub async fn start() -> Self {
        let temporary = std::env::temp_dir();
        let folder = temporary.join(format!("liaison-test-{}", std::process::id()));
        let watchdog = watch(&folder);
        let settings = Settings {
            downloads_dir: Some(temporary.join("liaison-test-binaries")),
            server_settings: SETTINGS.map(str::to_owned).to_vec(),
            ..Settings::new(folder)
        };
        let postgres = LocalPostgres::start(&settings).await.unwrap_or_else(|error| panic!("no Postgres: {error}"));
        Self { postgres, _watchdog: watchdog }
    }
}

/// Watches over `folder`, which need not exist yet.
fn watch(folder: &Path) -> Child {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", WATCHDOG, "watchdog"]).arg(folder).current_dir("/").process_group(0);
    // Its output must not keep a reader of the tests' output waiting.
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap()
}

#[test]
fn what_is_left_of_a_killed_run_is_cleared_away() {
    let folder = std::env::temp_dir().join(format!("liaison-test-watchdog-{}", std::process::id()));
    fs::create_dir_all(folder.join("postgres")).unwrap();
    let mut server = Command::new("sleep").arg("60").spawn().unwrap();
    fs::write(folder.join("postgres/postmaster.pid"), format!("{}\n/tmp\n", server.id())).unwrap();
    let mut watchdog = watch(&folder);
    drop(watchdog.stdin.take());
    // A program that was started with QUIT ignored ends by KILL.
    assert!(matches!(server.wait().unwrap().signal(), Some(3 | 9)));
    assert!(watchdog.wait().unwrap().success());
    assert!(!folder.exists());
}
