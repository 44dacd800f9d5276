//! Shutting down: no accepted request is dropped. trust 2.4, R8

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::mpsc::channel,
    thread,
    time::{Duration, Instant},
};

use nix::sys::signal::Signal;
use serde_json::json;

use crate::process::{DataDir, Server, free_port};

/// The head and the body of one answer; `None` if the connection ended before the answer was complete.
fn answer(connection: &TcpStream) -> Option<(String, String)> {
    let mut reader = BufReader::new(connection);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let head = head.to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap_or("0");
    let mut body = vec![0; length.parse().unwrap()];
    reader.read_exact(&mut body).ok()?;
    Some((head, String::from_utf8(body).unwrap()))
}

fn connect(address: &str) -> TcpStream {
    let connection = TcpStream::connect(address).unwrap();
    connection.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    connection
}

fn send(mut connection: &TcpStream, text: &str) {
    connection.write_all(text.as_bytes()).unwrap();
}

#[test]
fn what_is_under_way_is_answered_and_idle_connections_end() {
    let folder = DataDir::new();
    let server = Server::start(&folder.0, &[]);
    let idle = connect(&server.address);
    send(&idle, "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n");
    let (head, _) = answer(&idle).unwrap();
    assert!(!head.contains("connection: close"), "{head}");

    let (first, rest) = ("grant_type=password&username=ann%40example.com", "&password=not+a+password+of+hers");
    let under_way: Vec<TcpStream> = (0..8)
        .map(|_| {
            let connection = connect(&server.address);
            send(
                &connection,
                &format!(
                    "POST /v1/auth/token HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n\
                     Content-Length: {}\r\n\r\n{first}",
                    first.len() + rest.len()
                ),
            );
            connection
        })
        .collect();
    thread::sleep(Duration::from_millis(300));
    server.signal(Signal::SIGTERM);
    thread::sleep(Duration::from_millis(700));
    assert_eq!((&idle).read(&mut [0]).unwrap(), 0, "an idle connection is closed");
    assert!(TcpStream::connect(&server.address).is_err(), "nobody new is let in");
    for connection in under_way {
        send(&connection, rest);
        let (head, body) = answer(&connection).expect("a complete answer");
        assert!(head.starts_with("http/1.1 400 ") && head.contains("connection: close"), "{head}");
        assert!(body.contains("invalid_grant"), "{body}");
    }
    let began = Instant::now();
    assert!(server.wait(), "the exit code is 0");
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    assert!(!folder.has_running_postgres());
}

const SUPERVISOR: &str = "supervisor@liaison.example";
const OWN_PASSWORD: &str = "seven plums in a paper bag";
/// A request that reads, and one that changes, each to be completed with a token.
const READ: &str = "GET /v1/me HTTP/1.1\r\nHost: x";
const CHANGE: &str = "POST /v1/clients HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 38";
const NEW_CLIENT: &str = r#"{"kind": "person",      "name":"Late"}"#;

/// Sends requests one after the other over one connection until an answer closes it, and returns how many were
/// answered.
fn call_until_told_to_go(address: &str, request: &str) -> Result<usize, String> {
    let connection = connect(address);
    for answered in 1.. {
        (&connection).write_all(request.as_bytes()).map_err(|error| format!("before {answered}: {error}"))?;
        let (head, body) = answer(&connection).ok_or_else(|| format!("no answer {answered}"))?;
        if !head.starts_with("http/1.1 20") || !body.ends_with('}') {
            return Err(format!("{answered}: {head}"));
        }
        if head.contains("connection: close") {
            return Ok(answered);
        }
    }
    Ok(0)
}

#[test]
fn a_server_under_load_drains_without_a_failed_request() {
    let folder = DataDir::new();
    let arguments = ["--drain-delay=2", "--requests-per-minute=off", "--anonymous-requests-per-minute=off"];
    let server = Server::start(&folder.0, &arguments);
    let printed = server.printed_password(SUPERVISOR).unwrap();
    let change = json!({"current_password": printed, "new_password": OWN_PASSWORD});
    assert_eq!(server.put("/v1/me/password", &server.sign_in(SUPERVISOR, &printed), &change), 204);
    let token = server.sign_in(SUPERVISOR, OWN_PASSWORD);
    let requests = [
        format!("{READ}\r\nAuthorization: Bearer {token}\r\n\r\n"),
        format!("{CHANGE}\r\nAuthorization: Bearer {token}\r\n\r\n{NEW_CLIENT}"),
    ];
    let callers: Vec<_> = (0..8)
        .map(|number| {
            let (address, request) = (server.address.clone(), requests[number % 2].clone());
            thread::spawn(move || call_until_told_to_go(&address, &request))
        })
        .collect();
    thread::sleep(Duration::from_secs(1));
    let began = Instant::now();
    server.signal(Signal::SIGTERM);
    let answered: Vec<usize> = callers.into_iter().map(|caller| caller.join().unwrap().unwrap()).collect();
    assert!(answered.iter().all(|answered| *answered > 1), "{answered:?}");

    let late = connect(&server.address);
    send(&late, "GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n");
    let (head, body) = answer(&late).expect("it serves while others are told");
    assert!(head.starts_with("http/1.1 503 ") && head.contains("connection: close"), "{head}");
    assert!(head.contains("retry-after: 5") && body.contains(r#""reasons":["draining"]"#), "{body}");
    assert!(server.wait(), "the exit code is 0");
    assert!((2..8).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
    assert!(!folder.has_running_postgres());

    let again = Server::start(&folder.0, &[]);
    let made: usize = answered.iter().skip(1).step_by(2).sum();
    let clients = again.get("/v1/clients?total=true&limit=1", &again.sign_in(SUPERVISOR, OWN_PASSWORD));
    assert_eq!(clients["total"], made, "what was acknowledged is there");
    again.stop();
}

#[test]
fn a_second_signal_ends_a_server_at_once() {
    let folder = DataDir::new();
    let server = Server::start(&folder.0, &["--drain-delay=60"]);
    server.signal(Signal::SIGTERM);
    thread::sleep(Duration::from_millis(500));
    let began = Instant::now();
    server.signal(Signal::SIGINT);
    assert!(!server.wait(), "it did not end in good order");
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert!(!folder.has_running_postgres());
}

/// The metrics can be read until the end, and the last traces are sent before it.
#[test]
fn telemetry_sees_the_end_of_a_server() {
    let collector = TcpListener::bind("127.0.0.1:0").unwrap();
    let (sender, sent) = channel();
    let endpoint = format!("http://{}", collector.local_addr().unwrap());
    thread::spawn(move || {
        for connection in collector.incoming().flatten() {
            let mut all = vec![0; 65_536];
            let mut length = 0;
            // It is enough to wait for the span's name: a request is small, and sent at once.
            while !String::from_utf8_lossy(&all[..length]).contains("GET /livez") {
                match (&connection).read(&mut all[length..]) {
                    Ok(more) if more > 0 => length += more,
                    _ => break,
                }
            }
            sender.send(String::from_utf8_lossy(&all[..length]).into_owned()).unwrap();
            let _ = (&connection).write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        }
    });
    let folder = DataDir::new();
    let metrics = format!("127.0.0.1:{}", free_port());
    let arguments = [&format!("--metrics-listen={metrics}"), &format!("--otlp-endpoint={endpoint}"), "--drain-delay=1"];
    let server = Server::start(&folder.0, &arguments);
    assert_eq!(server.status("/livez"), 200);
    assert_eq!(server.status("/metrics"), 404, "they are not served to callers");
    server.signal(Signal::SIGTERM);
    thread::sleep(Duration::from_millis(300));
    let reader = connect(&metrics);
    send(&reader, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
    let (head, body) = answer(&reader).unwrap();
    assert!(head.starts_with("http/1.1 200 "), "{head}");
    assert!(body.contains(r#"http_server_requests_total{operation="get_liveness",status="2xx"} 1"#), "{body}");
    assert!(server.wait(), "the exit code is 0");
    let traces = sent.recv_timeout(Duration::from_secs(1)).expect("the span was sent before the end");
    assert!(traces.contains("POST /v1/traces") && traces.contains("GET /livez"), "{traces}");
}
