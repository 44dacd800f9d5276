use clap::Parser;

use super::{Config, Settings};

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    settings: Settings,
}

fn check(arguments: &[&str]) -> Result<Config, String> {
    let arguments = ["liaison", "--data-dir", "/nowhere"].iter().chain(arguments);
    Cli::try_parse_from(arguments).unwrap_or_else(|error| panic!("{error}")).settings.check()
}

#[test]
fn the_defaults_hold() {
    let config = check(&[]).unwrap();
    assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
    assert_eq!((config.pool_size, config.base.log_json), (8, false));
    assert_eq!(config.rotate_keys_every, Some(chrono::Duration::days(90)));
    assert_eq!(check(&["--rotate-keys-every-days=0"]).unwrap().rotate_keys_every, None);
}

fn problems_of(settings: &[(&str, &str)]) -> String {
    let mut arguments: Vec<String> = settings.iter().map(|(flag, value)| format!("{flag}={value}")).collect();
    arguments.push("--mail-from=crm@example.com".to_owned());
    check(&arguments.iter().map(String::as_str).collect::<Vec<_>>()).unwrap_err()
}

#[test]
fn every_wrong_setting_is_told_at_once() {
    let wrong = [
        ("--listen", "nowhere"),
        ("--database-url", "mysql://db"),
        ("--migration-database-url", "mysql://db"),
        ("--user", "nobody-has-this-name"),
        ("--secret-key", "short"),
        ("--secret-key-fallbacks", "short"),
        ("--issuer", "me"),
        ("--workers", "0"),
        ("--pool-size", "-1"),
        ("--sign-in-failures-per-account", "101"),
        ("--sign-in-failures-per-network", "many"),
        ("--smtp-url", "mail.example.com"),
        ("--password-reset-url", "https://app.example/reset"),
        ("--rotate-keys-every-days", "3651"),
        ("--log", "liaison=loud"),
        ("--log-format", "xml"),
        ("--drain-delay", "301"),
        ("--metrics-listen", "nowhere"),
        ("--otlp-endpoint", "collector:4318"),
        ("--otlp-traces-endpoint", "collector:4318"),
        ("--log-requests", "none"),
        ("--tls-cert", "/nowhere/cert.pem"),
        ("--trusted-proxies", "10.0.0.0/8,proxy"),
        ("--cors-origins", "https://crm.example,*"),
        ("--docs", "maybe"),
        ("--requests-per-minute", "-1"),
        ("--anonymous-requests-per-minute", "6000001"),
        ("--request-timeout", "0"),
        ("--read-timeout", "3601"),
        ("--connections-per-worker", "0"),
    ];
    let message = problems_of(&wrong);
    assert_eq!(message.lines().count(), wrong.len(), "{message}");
    for (flag, _) in wrong {
        let variable = match flag {
            "--database-url" => "DATABASE_URL",
            "--migration-database-url" => "LIAISON_MIGRATION_DATABASE_URL",
            "--secret-key" => "LIAISON_SECRET_KEY",
            "--secret-key-fallbacks" => "LIAISON_SECRET_KEY_FALLBACKS",
            "--smtp-url" => "LIAISON_SMTP_URL",
            "--otlp-endpoint" => "OTEL_EXPORTER_OTLP_ENDPOINT",
            "--otlp-traces-endpoint" => "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
            flag => flag,
        };
        let is_told = |line: &str| line.strip_prefix(variable).is_some_and(|rest| rest.starts_with([' ', ':']));
        assert!(message.lines().any(is_told), "{flag}: {message}");
    }
}

#[test]
fn the_issuer_follows_the_listener_unless_that_tells_nothing() {
    let issuer = |arguments: &[&str]| check(arguments).map(|config| config.issuer);
    assert_eq!(issuer(&[]).unwrap(), "http://127.0.0.1:8080");
    assert_eq!(issuer(&["--listen=127.0.0.1:9000"]).unwrap(), "http://127.0.0.1:9000");
    assert_eq!(issuer(&["--issuer=https://crm.example"]).unwrap(), "https://crm.example");
    for everywhere in ["--listen=0.0.0.0:8080", "--listen=[::]:8080"] {
        assert!(issuer(&[everywhere]).unwrap_err().starts_with("--issuer: the server listens on all networks"));
        assert_eq!(issuer(&[everywhere, "--issuer=https://crm.example"]).unwrap(), "https://crm.example");
    }
}

#[test]
fn a_mail_server_needs_a_sender() {
    let server = "smtps://mail.example.com";
    assert!(check(&["--smtp-url", server]).unwrap_err().starts_with("LIAISON_MAIL_FROM: "));
    assert!(check(&["--smtp-url", server, "--mail-from", "Liaison <crm@example.com>"]).unwrap().mail.smtp.is_some());
    assert!(check(&[]).unwrap().mail.smtp.is_none());
}

#[test]
fn the_edge_has_defaults_and_can_be_changed() {
    let edge = check(&[]).unwrap().edge;
    assert_eq!(edge.quotas.caller.map(u32::from), Some(6000));
    assert_eq!(edge.quotas.anonymous.map(u32::from), Some(600));
    assert_eq!((edge.deadline.as_secs(), edge.read_timeout.as_secs(), edge.docs), (30, 10, true));
    let edge = check(&["--requests-per-minute=off", "--anonymous-requests-per-minute=0", "--no-docs"]).unwrap().edge;
    assert!(edge.quotas.caller.is_none() && edge.quotas.anonymous.is_none() && !edge.docs);
    assert!(!check(&["--docs=off"]).unwrap().edge.docs);
    let message = check(&["--request-timeout=5"]).unwrap_err();
    assert_eq!(message, "--read-timeout (LIAISON_READ_TIMEOUT) is `10`: give no more than --request-timeout");
    for alone in ["--tls-cert=/etc/cert.pem", "--tls-key=/etc/key.pem"] {
        assert!(check(&[alone]).unwrap_err().contains("go together"));
    }
}

#[test]
fn telemetry_is_off_unless_it_is_asked_for() {
    let config = check(&[]).unwrap();
    assert!(config.telemetry.metrics_listen.is_none() && config.telemetry.traces.is_none());
    assert!(!config.telemetry.logs_all_requests && config.edge.drain_delay.is_zero());
    let asked = ["--metrics-listen=127.0.0.1:9090", "--otlp-endpoint=http://127.0.0.1:4318", "--log-requests=all"];
    let config = check(&[&asked[..], &["--drain-delay=5"]].concat()).unwrap();
    assert!(config.telemetry.metrics_listen.is_some() && config.telemetry.traces.is_some());
    assert!(config.telemetry.logs_all_requests && config.edge.drain_delay.as_secs() == 5);
    let config = check(&[&asked[..], &["--otel-sdk-disabled=true"]].concat()).unwrap();
    assert!(config.telemetry.traces.is_none());
}

#[test]
fn an_owner_needs_a_server_beside_it() {
    let owner = "--migration-database-url=postgres://owner@localhost/db";
    assert_eq!(check(&[owner]).unwrap_err(), "LIAISON_MIGRATION_DATABASE_URL: needs DATABASE_URL, too");
    let config = check(&[owner, "--database-url=postgres://server@localhost/db"]).unwrap();
    assert_eq!(config.base.migration_database_url.as_deref(), Some("postgres://owner@localhost/db"));
}

#[test]
fn fallbacks_are_separated_by_commas() {
    let (one, two) = ("AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE", "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=");
    let of =
        |text: &str| check(&[&format!("--secret-key-fallbacks={text}")]).map(|config| config.base.secret_key_fallbacks);
    assert_eq!(of(""), Ok(vec![]));
    assert_eq!(of(&format!("{one}, {two},")), Ok(vec![[1; 32], [2; 32]]));
    assert!(of(&[one; 6].join(",")).unwrap_err().contains("more than 5 secrets"));
}

#[test]
fn secrets_are_never_repeated() {
    for url in ["postgres://u:hush@[/db", "postgres://u:hush@db:port/db", "host=db password=hush nonsense"] {
        let wrong = [
            vec!["--database-url", url],
            vec!["--database-url", "postgres://localhost", "--migration-database-url", url],
        ];
        for arguments in wrong {
            let message = check(&arguments).unwrap_err();
            assert!(!message.contains("hush"), "{message}");
        }
    }
    for url in ["smtp://u:hush@mail.example.com/x", "smtp://u:hush@:x"] {
        let message = check(&["--smtp-url", url, "--mail-from", "crm@example.com"]).unwrap_err();
        assert!(!message.contains("hush"), "{message}");
    }
    for key in ["hush", "hush!", "aHVzaGh1c2hodXNoaHVzaA"] {
        for flag in ["--secret-key", "--secret-key-fallbacks"] {
            let message = check(&[flag, key]).unwrap_err();
            assert!(!message.contains(key), "{message}");
        }
    }
    let key = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE";
    let config = check(&["--database-url", "postgres://u:hush@localhost/db", "--secret-key", key]).unwrap();
    let debug = format!("{config:?}");
    assert!(!debug.contains("hush") && !debug.contains("[1, 1") && !debug.contains(key), "{debug}");
    assert_eq!(config.base.secret_key, Some([1; 32]));
}
