//! What a start checks before it makes anything.

use std::{
    net::TcpListener,
    process::{Command, Stdio},
};

use crate::process::DataDir;

#[test]
fn a_taken_port_is_told_before_anything_is_made_or_printed() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for (setting, other) in [("--listen", "--metrics-listen"), ("--metrics-listen", "--listen")] {
        let folder = DataDir::new();
        let output = Command::new(env!("CARGO_BIN_EXE_liaison"))
            .args([setting, &address, other, "127.0.0.1:0", "--data-dir"])
            .arg(&folder.0)
            .env_remove("DATABASE_URL")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        let variable = setting.trim_start_matches("--").replace('-', "_").to_uppercase();
        assert!(!output.status.success(), "{setting}");
        assert!(told.contains(&format!("{setting} (LIAISON_{variable}) is `{address}`: ")), "{told}");
        assert!(told.contains("another port"), "{told}");
        assert!(output.stdout.is_empty() && !folder.0.exists(), "{setting}: {told}");
    }
}
