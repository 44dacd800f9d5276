//! Bodies that come slowly. They cost only those who send them. ASVS 15.2.2

use std::time::Duration;

use actix_web::http::Method;
use futures_util::future::{join, join_all};
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::timeout};

use crate::{
    calls::World,
    harness::{Connection, Served, TestApp, TestUser},
};

/// More than a worker answers at once.
const MANY: usize = 100;
/// The most unfinished bodies of one sender.
const UNFINISHED: usize = 32;

/// A request whose body lacks its last byte.
struct HalfSent {
    connection: Connection<TcpStream>,
    last: Vec<u8>,
}

impl HalfSent {
    async fn request(server: &Served, line: &str, user: Option<&TestUser>, headers: &str, body: &[u8]) -> Self {
        let mut connection = server.connect().await;
        let token = user.map_or_else(String::new, |user| format!("Authorization: Bearer {}\r\n", user.token()));
        let length = body.len();
        let head = format!("{line} HTTP/1.1\r\nHost: x\r\n{token}{headers}Content-Length: {length}\r\n\r\n");
        let (last, first) = body.split_last().unwrap();
        assert!(connection.write(&[head.as_bytes(), first].concat()).await);
        Self { connection, last: vec![*last] }
    }

    async fn post(server: &Served, path: &str, user: &TestUser, body: &Value) -> Self {
        let line = format!("POST {path}");
        Self::request(server, &line, Some(user), "Content-Type: application/json\r\n", body.to_string().as_bytes())
            .await
    }

    async fn sign_in(server: &Served) -> Self {
        let form = "Content-Type: application/x-www-form-urlencoded\r\n";
        Self::request(server, "POST /v1/auth/token", None, form, b"grant_type=password&username=x&password=y").await
    }

    /// The status of an answer that came without the last byte.
    async fn refused(&mut self) -> Option<u16> {
        timeout(Duration::from_millis(20), self.connection.answer()).await.ok()
    }

    /// Sends the last byte, and returns the status.
    async fn finish(mut self) -> u16 {
        assert!(self.connection.write(&self.last).await);
        self.connection.answer().await
    }
}

/// How many of these were refused, and the others.
async fn refused(sent: Vec<HalfSent>) -> (usize, Vec<HalfSent>) {
    let (mut refused, mut open) = (0, Vec::new());
    for mut one in sent {
        match one.refused().await {
            Some(429) => refused += 1,
            Some(status) => panic!("{status}"),
            None => open.push(one),
        }
    }
    (refused, open)
}

fn client(name: &str) -> Value {
    json!({"kind": "organization", "name": name})
}

/// Creates a client, for which two seconds are more than enough.
async fn create(server: &Served, user: &TestUser) -> u16 {
    let whole = HalfSent::post(server, "/v1/clients", user, &client("Whole")).await;
    timeout(Duration::from_secs(2), whole.finish()).await.expect("the change waits for the slow bodies")
}

#[actix_web::test]
async fn slow_sign_ins_hold_up_no_change() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let server = app.served();
    let slow = join_all((0..MANY).map(|_| HalfSent::sign_in(&server))).await;
    assert_eq!(create(&server, &ann).await, 201);
    let (refused, open) = refused(slow).await;
    assert_eq!((refused, open.len()), (MANY - UNFINISHED, UNFINISHED));
    // Whoever goes leaves the place to another.
    drop(open);
    let mut next = HalfSent::sign_in(&server).await;
    while next.refused().await.is_some() {
        next = HalfSent::sign_in(&server).await;
    }
    assert_eq!(next.finish().await, 400);
}

#[actix_web::test]
async fn slow_changes_of_one_caller_hold_up_nobody_else() {
    let app = TestApp::start().await;
    let (ann, bob) = (app.manager("ann").await, app.manager("bob").await);
    let server = app.served();
    let slow_body = client("Slow");
    let slow = join_all((0..MANY).map(|_| HalfSent::post(&server, "/v1/clients", &ann, &slow_body))).await;
    assert_eq!(create(&server, &bob).await, 201);
    let (refused, mut open) = refused(slow).await;
    assert_eq!((refused, open.len()), (MANY - UNFINISHED, UNFINISHED));
    assert_eq!(open.pop().unwrap().finish().await, 201);
}

/// Takes the right to create teams from a supervisor who has sent all of a request but its last byte.
async fn team_of_one_who_is(world: &World, end: impl AsyncFnOnce(&TestUser)) -> u16 {
    let server = world.app.served();
    let sally = world.app.supervisor().await;
    let team = HalfSent::post(&server, "/v1/teams", &sally, &json!({"name": "Late"})).await;
    // A request that was answered on the same connection pool shows that the head of the other has been looked at.
    assert_eq!(server.connect().await.get("/v1/me", &sally).await, 200);
    end(&sally).await;
    let status = team.finish().await;
    assert_eq!(world.app.count("teams WHERE name = 'Late'").await, 0);
    status
}

async fn user(world: &World, user: &TestUser) -> Value {
    world.sue.get(&format!("/v1/users/{}", user.id)).await.ok()
}

async fn block(world: &World, who: &TestUser) {
    let _ = world.sue.transition("block", &user(world, who).await, json!({})).await.ok();
}

async fn demote(world: &World, who: &TestUser) {
    let path = format!("/v1/users/{}", who.id);
    let _ = world.sue.patch(&path, &user(world, who).await, json!({"role": "manager"})).await.ok();
}

async fn sign_out(world: &World, who: &TestUser) {
    assert_eq!(world.sue.own(Method::DELETE, &format!("/v1/users/{}/sessions", who.id), json!({})).await.status, 204);
}

#[actix_web::test]
async fn rights_that_end_before_the_last_byte_are_gone() {
    let world = World::over(TestApp::start().await).await;
    assert_eq!(team_of_one_who_is(&world, async |sally| block(&world, sally).await).await, 401);
    assert_eq!(team_of_one_who_is(&world, async |sally| demote(&world, sally).await).await, 403);
    assert_eq!(team_of_one_who_is(&world, async |sally| sign_out(&world, sally).await).await, 401);
}

/// The other server has the caller in its cache, as its clock stands still. The transaction of the change finds out.
#[actix_web::test]
async fn rights_that_ended_on_another_server_are_gone() {
    let world = World::over(TestApp::start().await).await;
    let other = world.app.second_server().await;
    for (name, code) in [("blocked", "unauthorized"), ("demoted", "rights_changed"), ("gone", "unauthorized")] {
        let sally = world.app.supervisor().await;
        let there = sally.at(&other);
        let _ = there.get("/v1/me").await.ok();
        match name {
            "blocked" => block(&world, &sally).await,
            "demoted" => demote(&world, &sally).await,
            _ => sign_out(&world, &sally).await,
        }
        let answer = there.post("/v1/teams", json!({"name": "Late"})).await;
        assert_eq!(answer.json()["code"], code, "{name}");
        assert_eq!(world.app.count("teams WHERE name = 'Late'").await, 0, "{name}");
        // From then on the other server knows.
        let again = there.post("/v1/teams", json!({"name": "Late"})).await;
        assert!(matches!(again.status, 401 | 403), "{name}");
    }
}

/// Whoever takes rights from somebody has them at that moment.
#[actix_web::test]
async fn of_two_who_block_each_other_only_one_succeeds() {
    let world = World::over(TestApp::start().await).await;
    let (one, two) = (world.app.supervisor().await, world.app.supervisor().await);
    let (of_one, of_two) = (user(&world, &one).await, user(&world, &two).await);
    let (first, second) =
        join(one.transition("block", &of_two, json!({})), two.transition("block", &of_one, json!({}))).await;
    let (won, lost) = if first.status == 200 { (first, second) } else { (second, first) };
    let _ = won.ok();
    assert!(matches!(lost.status, 401 | 409), "{}", lost.json());
}
