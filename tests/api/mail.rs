//! Mail: it is sent once, with the right content, and again when the mail server does not accept it.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use chrono::Duration;
use liaison::{
    background, commands,
    db::{Db, PoolSettings},
    mail::{ResetUrl, Settings, Smtp},
    secrets::Secrets,
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

use crate::{
    calls::{PASSWORD, World},
    harness::{MASTER, TestApp},
};

const NEW: &str = "seven plums in a paper bag";

/// A mail server that stores the mails it gets.
#[derive(Clone, Default)]
struct Sink {
    mails: Rc<RefCell<Vec<String>>>,
    refuses: Rc<Cell<bool>>,
    tries: Rc<Cell<usize>>,
}

impl Sink {
    /// Starts a mail server, and returns it with the settings to send to it.
    async fn start() -> (Self, Settings) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("smtp://{}", listener.local_addr().unwrap());
        let sink = Self::default();
        let serving = sink.clone();
        actix_web::rt::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                serving.tries.set(serving.tries.get() + 1);
                let _ = serving.talk(stream).await;
            }
        });
        let smtp = Some(Smtp::parse(&url, "Liaison <crm@example.com>").unwrap());
        let reset_url = Some(ResetUrl::parse("https://app.example/reset#token={token}").unwrap());
        (sink, Settings { smtp, reset_url })
    }

    async fn talk(&self, stream: TcpStream) -> std::io::Result<()> {
        let (read, mut write) = stream.into_split();
        let mut lines = BufReader::new(read).lines();
        write.write_all(b"220 sink\r\n").await?;
        while let Some(line) = lines.next_line().await? {
            let answer = match line.split(' ').next().unwrap_or_default() {
                "MAIL" if self.refuses.get() => "451 later",
                "DATA" => {
                    write.write_all(b"354 go on\r\n").await?;
                    let mut mail = String::new();
                    while let Some(line) = lines.next_line().await?.filter(|line| line != ".") {
                        mail.push_str(&line);
                        mail.push('\n');
                    }
                    self.mails.borrow_mut().push(mail);
                    "250 taken"
                }
                "QUIT" => "221 bye",
                _ => "250 sink",
            };
            write.write_all(format!("{answer}\r\n").as_bytes()).await?;
        }
        Ok(())
    }

    /// The headers and texts of all mails so far.
    fn mails(&self) -> Vec<(String, String)> {
        self.mails.borrow().iter().map(|mail| read(mail)).collect()
    }
}

fn read(mail: &str) -> (String, String) {
    let (head, body) = mail.split_once("\n\n").unwrap();
    assert!(head.contains("Content-Transfer-Encoding: base64"), "{head}");
    let text = BASE64_STANDARD.decode(body.split_whitespace().collect::<String>()).unwrap();
    (head.to_owned(), String::from_utf8(text).unwrap())
}

async fn world() -> (World, Sink) {
    let (sink, settings) = Sink::start().await;
    (World::over(TestApp::with_mail(&settings).await).await, sink)
}

async fn deliver(app: &TestApp) -> usize {
    let settings = PoolSettings { max_size: 2, ..PoolSettings::default() };
    background::deliver(&Db::new(&app.login(), settings), app.parts()).await.unwrap()
}

async fn forgot(app: &TestApp, email: &str) {
    let answer = app.anonymous().post("/v1/auth/forgot-password", json!({"email": email})).await;
    assert_eq!(answer.status, 202);
}

/// ASVS 16.3.1: a request for a link is recorded if the user exists. That happens when the mail is written, and the
/// answer does not wait for it.
#[actix_web::test]
async fn a_link_that_was_asked_for_is_recorded() {
    let (world, _sink) = world().await;
    let asked = "action=password_reset_requested";
    for email in [world.ann.email.as_str(), "nobody@example.com"] {
        forgot(&world.app, email).await;
    }
    let entries = async || world.sue.get(&format!("/v1/audit?{asked}")).await.ok()["data"].as_array().unwrap().clone();
    assert_eq!(entries().await, Vec::<Value>::new());
    deliver(&world.app).await;
    let found = entries().await;
    assert_eq!((found.len(), &found[0]["resource_id"]), (1, &json!(world.ann.id)));
    assert_eq!((&found[0]["actor_id"], &found[0]["address"]), (&Value::Null, &json!("192.0.2.1")));
    assert!(found[0]["request_id"].is_string(), "{}", found[0]);
}

/// ASVS 11.2.2
#[actix_web::test]
async fn a_letter_under_way_is_sealed_anew() {
    let (world, _sink) = world().await;
    forgot(&world.app, &world.ann.email).await;
    let secrets = Secrets::with_fallbacks(&[8; 32], &[MASTER]).unwrap();
    commands::secrets(&world.app.urls(), &secrets).await.unwrap();
    let row = "SELECT 'mail ' || id || '\n' || encode(sealed_letter, 'hex') AS value FROM outgoing_mails";
    let row = world.app.text(row).await.remove(0);
    let (label, sealed) = row.split_once('\n').unwrap();
    let sealed = data_encoding::HEXLOWER.decode(sealed.as_bytes()).unwrap();
    let letter = Secrets::derive(&[8; 32]).unwrap().open(label, &sealed).unwrap();
    assert!(String::from_utf8(letter).unwrap().contains(&world.ann.email));
}

fn token_of(text: &str) -> Value {
    let (_, rest) = text.split_once("https://app.example/reset#token=").unwrap();
    json!(rest.split_whitespace().next().unwrap())
}

async fn reset(app: &TestApp, token: &Value, password: &str) -> u16 {
    let body = json!({"token": token, "new_password": password});
    app.anonymous().post("/v1/auth/reset-password", body).await.status
}

/// ASVS 6.4.1, 6.4.6, 6.3.7
#[actix_web::test]
async fn with_a_mail_server_the_link_goes_to_the_user_alone() {
    let (world, sink) = world().await;
    let user = world.sue.post("/v1/users", world.new_user()).await.created();
    let started = world.sue.transition("reset-password", &user, json!({})).await.ok();
    assert_eq!((&started["mailed"], &started["token"], &started["link"]), (&json!(true), &Value::Null, &Value::Null));
    assert_eq!(deliver(&world.app).await, 1);
    assert_eq!(deliver(&world.app).await, 0, "once");
    let mails = sink.mails();
    let [(head, text)] = mails.as_slice() else { panic!("{mails:?}") };
    assert!(head.contains("From: Liaison <crm@example.com>"), "{head}");
    assert!(head.contains(&format!("To: {}", user["email"].as_str().unwrap())), "{head}");
    assert!(text.contains("Set your password") && text.contains("Задайте пароль"), "{text}");
    assert!(text.contains("2026-11-25 10:00 UTC"), "{text}");
    assert_eq!(world.app.count("outgoing_mails").await, 0, "what is sent is not kept");

    assert_eq!(reset(&world.app, &token_of(text), NEW).await, 204);
    assert_eq!(deliver(&world.app).await, 1);
    let (_, notice) = sink.mails().remove(1);
    assert!(notice.contains("Your password was changed.") && notice.contains("Ваш пароль изменён."), "{notice}");
}

/// ASVS 6.3.8; trust 1.6
#[actix_web::test]
async fn who_has_forgotten_a_password_gets_a_link_by_mail() {
    let (world, sink) = world().await;
    let blocked = world.step(&world.user().await, "block").await;
    for email in ["nobody@example.com", blocked["email"].as_str().unwrap(), &world.ann.email] {
        forgot(&world.app, email).await;
    }
    assert_eq!(world.app.count("outgoing_mails").await, 3, "until the mail is written nothing depends on who there is");
    assert_eq!(world.app.count("password_resets").await, 0);
    assert_eq!(deliver(&world.app).await, 1);
    assert_eq!((world.app.count("outgoing_mails").await, sink.tries.get()), (0, 1));
    let (head, text) = sink.mails().remove(0);
    assert!(head.contains(&format!("To: {}", world.ann.email)), "{head}");
    assert!(text.contains("Set another password") && text.contains("2026-11-24 11:00 UTC"), "{text}");
    assert_eq!(reset(&world.app, &token_of(&text), NEW).await, 204);
    assert_eq!(reset(&world.app, &token_of(&text), NEW).await, 422);
}

#[actix_web::test]
async fn what_the_server_does_not_take_is_sent_later_with_the_same_link() {
    let (world, sink) = world().await;
    forgot(&world.app, &world.ann.email).await;
    sink.refuses.set(true);
    assert_eq!(deliver(&world.app).await, 0);
    let hash = "SELECT encode(token_hash, 'hex') AS value FROM password_resets";
    let first = world.app.text(hash).await;
    assert_eq!(deliver(&world.app).await, 0);
    assert_eq!(sink.tries.get(), 1, "not at once again");
    for (minutes, tries) in [(1, 2), (1, 2), (1, 3), (3, 3), (1, 4)] {
        world.app.advance(Duration::minutes(minutes));
        assert_eq!(deliver(&world.app).await, 0);
        assert_eq!(sink.tries.get(), tries);
    }
    sink.refuses.set(false);
    world.app.advance(Duration::minutes(8));
    assert_eq!(deliver(&world.app).await, 1);
    assert_eq!(world.app.text(hash).await, first);
    let (_, text) = sink.mails().remove(0);
    assert_eq!(reset(&world.app, &token_of(&text), NEW).await, 204);
}

#[actix_web::test]
async fn several_servers_send_a_letter_once() {
    let (world, sink) = world().await;
    for n in 0..10 {
        let user = world.user().await;
        let _ = world.sue.transition("reset-password", &user, json!({})).await.ok();
        assert_eq!(world.app.count("outgoing_mails").await, n + 1);
    }
    let sent = futures_util::future::join_all((0..4).map(|_| deliver(&world.app))).await;
    assert_eq!(sent.iter().sum::<usize>(), 10);
    assert_eq!(sink.mails().len(), 10);
}

/// ASVS 14.2.7
#[actix_web::test]
async fn a_letter_lies_sealed_and_is_given_up_after_a_day() {
    let (world, sink) = world().await;
    sink.refuses.set(true);
    forgot(&world.app, &world.ann.email).await;
    deliver(&world.app).await;
    let kept = "SELECT encode(sealed_letter, 'escape') AS value FROM outgoing_mails";
    let kept = world.app.text(kept).await.remove(0);
    assert!(!kept.contains("token") && !kept.contains(&world.ann.email), "{kept}");
    let _db = world.app.db().await;
    world.app.advance(Duration::hours(23));
    world.app.sweep().await;
    assert_eq!(world.app.count("outgoing_mails").await, 1);
    world.app.advance(Duration::hours(1));
    world.app.sweep().await;
    assert_eq!(world.app.count("outgoing_mails").await, 0);
}

/// ASVS 6.3.7
#[actix_web::test]
async fn a_user_is_told_of_changes_of_their_sign_in() {
    let (world, sink) = world().await;
    let body = json!({"current_password": PASSWORD, "new_password": NEW});
    world.ann.own(actix_web::http::Method::PUT, "/v1/me/password", body).await.no_content();
    let user = world.user().await;
    world.enrol(&user["id"], true).await;
    let _ = world.sue.transition("reset-second-factor", &user, json!({})).await.ok();
    assert_eq!(deliver(&world.app).await, 2);
    let texts: String = sink.mails().into_iter().map(|(_, text)| text).collect();
    assert!(
        texts.contains("Your password was changed.")
            && texts.contains("The second factor of your sign-in was removed.")
    );
    // A refused change is reported to nobody.
    let wrong = json!({"current_password": "a wrong password", "new_password": NEW});
    world
        .ann
        .own(actix_web::http::Method::PUT, "/v1/me/password", wrong)
        .await
        .field_error("/current_password", "wrong_password");
    assert_eq!(world.app.count("outgoing_mails").await, 0);
}

/// ASVS 6.3.7: someone who takes over an account chooses the new address; its owner reads the former one.
#[actix_web::test]
async fn of_a_new_address_the_former_one_is_told() {
    let (world, sink) = world().await;
    let user = world.user().await;
    let path = user["path"].as_str().unwrap();
    let user = world.sue.patch(path, &user, json!({"job_title": "Expert", "email": user["email"]})).await.ok();
    let taken = json!({"email": world.bob.email});
    world.sue.patch(path, &user, taken).await.problem(409, "already_exists");
    assert_eq!(world.app.count("outgoing_mails").await, 0, "nothing was changed");

    let _ = world.sue.patch(path, &user, json!({"email": "thief@example.com"})).await.ok();
    assert_eq!(deliver(&world.app).await, 1);
    let (head, text) = sink.mails().remove(0);
    assert!(head.contains(&format!("To: {}", user["email"].as_str().unwrap())), "{head}");
    assert!(text.contains("another e-mail address") && text.contains("с другим адресом"), "{text}");
    assert!(!text.contains("thief"), "{text}");
}
