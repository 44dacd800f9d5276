use std::{
    fs,
    io::Write,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use nix::unistd::Pid;

use super::error::{Result, io};

/// Waits for the end of its input, which comes when the process that holds the other end is gone,
/// however it went. Then ends the server whose process id it was told last, and removes the
/// folder; twice, as a program that was just working in it may have made a file meanwhile.
const SCRIPT: &str = r#"
trap '' HUP INT QUIT TERM
pid=
while read -r line; do pid=$line; done
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

/// Clears up after a throw-away server when the test process is no longer there to do it: killed,
/// or ended by `exit`, which drops no statics.
#[derive(Debug)]
pub(super) struct Watchdog {
    shell: Child,
    folder: PathBuf,
}

impl Watchdog {
    /// Watches over a folder, which need not exist yet.
    pub(super) fn over(folder: &Path) -> Result<Self> {
        let program = Path::new("/bin/sh");
        let mut command = Command::new(program);
        command.args(["-c", SCRIPT, "watchdog"]).arg(folder).current_dir("/").process_group(0);
        // Its output must not keep a reader of the tests' output waiting.
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let shell = command.spawn().map_err(io("run", program))?;
        Ok(Self { shell, folder: folder.into() })
    }

    /// Tells which server to end.
    pub(super) fn watch(&mut self, postmaster: Pid) -> Result<()> {
        let Some(input) = &mut self.shell.stdin else {
            return Ok(());
        };
        writeln!(input, "{postmaster}").map_err(io("tell the server to the watchdog of", &self.folder))
    }

    /// Removes the folder ourselves, after the server has been stopped, and dismisses the shell.
    pub(super) fn dismiss(mut self) -> Result<()> {
        fs::remove_dir_all(&self.folder).map_err(io("remove", &self.folder))?;
        self.shell.kill().and_then(|()| self.shell.wait()).map_err(io("end the watchdog of", &self.folder))?;
        Ok(())
    }
}
