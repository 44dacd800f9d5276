//! The command line as a newcomer meets it: help, errors, first words.

use std::{
    fs,
    io::{BufRead, BufReader},
    os::unix::fs::PermissionsExt,
    process::{Command, Stdio},
};

use crate::process::{DataDir, Server, Start};

/// Runs a command that ends by itself. Returns whether it succeeded, what it printed, and what it told on standard error.
fn run(arguments: &[&str], environment: &[(&str, &str)]) -> (bool, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_liaison"))
        .args(arguments)
        .env_remove("DATABASE_URL")
        .envs(environment.iter().copied())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.success(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn a_command_has_the_flags_that_work_there() {
    let (well, help, _) = run(&["migrate", "--help"], &[]);
    assert!(well && help.contains("--database-url") && help.contains("Database and secrets:"), "{help}");
    for of_a_server in ["--listen", "--tls-cert", "--metrics-listen", "--requests-per-minute", "--smtp-url", "--demo"] {
        assert!(!help.contains(of_a_server), "{of_a_server}: {help}");
    }
    let (_, help, _) = run(&["serve", "--help"], &[]);
    for heading in
        ["Serving:", "Network:", "Sign-in:", "Mail:", "Log:", "Demonstration company:", "Database and secrets:"]
    {
        assert!(help.contains(heading), "{heading}: {help}");
    }
    // A variable that is meant for the server is in nobody's way elsewhere.
    let (_, _, told) = run(&["migrate", "--database-url=postgres://127.0.0.1:1/x"], &[("LIAISON_LISTEN", "nowhere")]);
    assert!(!told.contains("LISTEN"), "{told}");
}

#[test]
fn shells_and_man_are_served() {
    for (shell, word) in [("bash", "complete -F"), ("zsh", "#compdef liaison"), ("fish", "complete -c liaison")] {
        let (well, printed, _) = run(&["completions", shell], &[]);
        assert!(well && printed.contains(word) && printed.contains("backup"), "{shell}");
    }
    let (well, page, _) = run(&["man"], &[]);
    assert!(well && page.contains(".TH liaison 1") && page.contains("DATABASE AND SECRETS"), "{page}");
}

#[test]
fn an_error_names_the_setting_the_value_and_the_remedy() {
    let (well, _, told) = run(&["--pool-size=0", "--listen=nowhere", "--data-dir=/nowhere"], &[]);
    assert!(!well && told.contains("--pool-size (LIAISON_POOL_SIZE) is `0`: give a number from 1 to 1000"), "{told}");
    assert!(told.contains("--listen (LIAISON_LISTEN) is `nowhere`") && told.contains("localhost:8080"), "{told}");
}

#[test]
fn a_folder_and_a_file_that_cannot_be_had_are_named_with_what_to_do() {
    let (well, _, told) = run(&["migrate", "--data-dir=/proc/liaison"], &[]);
    assert!(!well && told.contains("--data-dir (LIAISON_DATA_DIR) is `/proc/liaison`: "), "{told}");
    assert!(told.contains("name a folder that this user may make or write"), "{told}");
    let folder = DataDir::new();
    let (well, _, told) = run(&["restore", "/nowhere", "--data-dir", folder.0.to_str().unwrap()], &[]);
    assert!(!well && told.contains("the backup /nowhere: "), "{told}");
    assert!(told.contains("name a file that `liaison backup` has made"), "{told}");
}

#[test]
fn a_refused_database_is_named_with_its_host_and_what_to_do() {
    let folder = DataDir::new();
    let data = folder.0.to_str().unwrap();
    let (well, _, told) =
        run(&["migrate", "--data-dir", data], &[("DATABASE_URL", "postgres://ann:hush@127.0.0.1:1/crm")]);
    assert!(!well && !told.contains("hush"), "{told}");
    for part in ["DATABASE_URL: ", "127.0.0.1:1", "user ann", "database crm", "start Postgres there"] {
        assert!(told.contains(part), "{part}: {told}");
    }
}

#[test]
fn secrets_come_from_files() {
    let folder = DataDir::new();
    fs::create_dir_all(&folder.0).unwrap();
    let (file, data) = (folder.0.join("url"), folder.0.join("data"));
    fs::write(&file, "postgres://ann:hush@127.0.0.1:1/from_a_file\n").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let (file, data) = (file.to_str().unwrap(), data.to_str().unwrap());
    let (well, _, told) = run(&["migrate", "--data-dir", data], &[("DATABASE_URL_FILE", file)]);
    assert!(!well && told.contains("database from_a_file") && !told.contains("hush"), "{told}");
    let both = [("DATABASE_URL_FILE", file), ("DATABASE_URL", "postgres://127.0.0.1:1/x")];
    let (well, _, told) = run(&["migrate", "--data-dir", data], &both);
    assert!(!well && told.contains("DATABASE_URL_FILE: DATABASE_URL is given, too; give one of them"), "{told}");
    let (well, _, told) = run(&["migrate", "--data-dir", data], &[("LIAISON_SECRET_KEY_FILE", "/nowhere/key")]);
    assert!(!well && told.contains("LIAISON_SECRET_KEY_FILE: /nowhere/key: "), "{told}");
}

#[test]
fn the_first_words_are_where_who_and_with_which_password() {
    let folder = DataDir::new();
    let server = Server::start(&folder.0, &["--demo"]);
    let [open, sign_in, administrator, listens] = server.printed.as_slice() else { panic!("{:?}", server.printed) };
    assert_eq!(*open, format!("Open http://{}/docs/", server.address));
    assert!(sign_in.starts_with("Sign in as andrew.fuller@northwind.example (supervisor), "), "{sign_in}");
    assert!(administrator.contains("supervisor@liaison.example"), "{administrator}");
    assert!(listens.starts_with("Liaison listens on http://"), "{listens}");
    let password = server.printed_password("andrew.fuller").unwrap();
    for user in ["andrew.fuller", "nancy.davolio", "laura.callahan"] {
        server.sign_in(&format!("{user}@northwind.example"), &password);
    }
    server.stop();
    let again = Server::start(&folder.0, &["--demo"]);
    assert_eq!(again.printed.len(), 2, "{:?}", again.printed);
    again.stop();
}

#[test]
fn the_start_tells_what_it_does_without_colours_in_a_file() {
    let folder = DataDir::new();
    let start = Start { data_dir: &folder.0, database_url: None, log: "info", arguments: &[] };
    let mut child = start.command().stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let printed = BufReader::new(child.stdout.take().unwrap());
    assert!(printed.lines().any(|line| line.unwrap().contains("listens on")));
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(child.id().cast_signed()), nix::sys::signal::Signal::SIGTERM)
        .unwrap();
    let told = String::from_utf8(child.wait_with_output().unwrap().stderr).unwrap();
    for step in ["the database in ", "the database is brought up to date"] {
        assert!(told.contains(step), "{step}: {told}");
    }
    assert!(!told.contains('\u{1b}'), "{told:?}");
}

/// A password that was printed nowhere would be lost.
#[test]
fn a_start_that_fails_prints_the_passwords_that_it_made() {
    let folder = DataDir::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let metrics = format!("--metrics-listen={}", taken.local_addr().unwrap());
    let (well, printed, _) =
        run(&["--listen=127.0.0.1:0", &metrics, "--log=warn", "--data-dir", folder.0.to_str().unwrap()], &[]);
    // A start that looks at the ports first makes no password.
    let made = folder.0.join("postgres").exists();
    assert!(!well && (!made || printed.contains("The first password ")), "{printed}");
}
