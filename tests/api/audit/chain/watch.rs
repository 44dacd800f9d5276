//! What a server remembers of the log itself: nobody has to note a head for a cut to be noticed.

use chrono::Duration;
use liaison::audit::{FaultKind, Watch};

use super::{seal, sealed_world, verify};
use crate::{calls::World, harness::TestApp};

const CUT: [&str; 3] = [
    "DELETE FROM audit_events WHERE id IN (SELECT event_id FROM audit_leaves WHERE seal >= 3)",
    "DELETE FROM audit_leaves WHERE seal >= 3",
    "DELETE FROM audit_seals WHERE number >= 3",
];

/// A folder that ends with the test.
struct Folder(std::path::PathBuf);

impl Folder {
    fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("liaison-watch-{}", uuid::Uuid::now_v7()));
        std::fs::create_dir(&folder).unwrap();
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

async fn look(app: &TestApp, watch: &Watch) -> bool {
    watch.look(&app.db().await, &app.parts().unsealed, app.parts().clock.now()).await.is_ok()
}

/// Whether the API calls the log intact, and the kinds of the faults that it names.
async fn told(world: &World) -> (bool, Vec<String>) {
    let found = world.sue.get("/v1/audit/verification").await.ok();
    let kinds = found["faults"].as_array().unwrap().iter().map(|fault| fault["kind"].as_str().unwrap().to_owned());
    (found["intact"] == true, kinds.collect())
}

#[actix_web::test]
async fn a_cut_tail_is_noticed_although_nobody_noted_a_head() {
    let world = sealed_world().await;
    let app = &world.app;
    seal(app).await;
    let folder = Folder::new();
    let restarted = || Watch::over(folder.0.as_path()).unwrap();
    let watch = &app.parts().watch;
    assert!(look(app, watch).await && look(app, &restarted()).await);
    for sql in CUT {
        app.sql(sql).await;
    }
    assert!(verify(app).await.intact, "the database alone does not tell");

    assert_eq!(told(&world).await, (false, vec!["tail_cut".to_owned()]));
    assert!(!look(app, watch).await && !look(app, &restarted()).await, "another server of the same folder, too");

    // It stays an alarm when the log has grown past the cut.
    for _ in 0..3 {
        let _ = world.team().await;
        seal(app).await;
    }
    assert!(!look(app, watch).await);
    let (intact, kinds) = told(&world).await;
    assert!(!intact && kinds.contains(&"tail_cut".to_owned()), "{kinds:?}");
    let text = std::fs::read_to_string(folder.0.join("audit-head")).unwrap();
    assert!(text.contains(" 4:"), "the file keeps what was seen: {text}");
}

#[actix_web::test]
async fn an_event_that_is_removed_before_its_seal_is_missed() {
    let world = sealed_world().await;
    let app = &world.app;
    seal(app).await;
    let team = world.team().await;
    let id = team["id"].as_str().unwrap();
    app.sql(&format!(
        "DELETE FROM audit_unsealed WHERE event_id IN (SELECT id FROM audit_events WHERE resource_id = '{id}')"
    ))
    .await;
    app.sql(&format!("DELETE FROM audit_events WHERE resource_id = '{id}'")).await;
    seal(app).await;
    assert!(verify(app).await.intact, "the database alone does not tell");
    assert!(look(app, &app.parts().watch).await, "it may be on its way to a seal");
    app.advance(Duration::seconds(4));
    assert!(!look(app, &app.parts().watch).await);
    assert_eq!(told(&world).await, (false, vec!["event_removed".to_owned()]));
}

#[actix_web::test]
async fn another_log_than_the_known_one_is_no_alarm() {
    let world = sealed_world().await;
    let folder = Folder::new();
    let of_another = format!("{} 1000000:{}\n", "0f".repeat(32), "1e".repeat(32));
    std::fs::write(folder.0.join("audit-head"), of_another).unwrap();
    assert!(look(&world.app, &Watch::over(folder.0.as_path()).unwrap()).await);
    std::fs::write(folder.0.join("audit-head"), "nonsense").unwrap();
    assert!(Watch::over(folder.0.as_path()).is_err());
    // A folder that does not exist keeps no file.
    assert!(look(&world.app, &Watch::over(&folder.0.join("none")).unwrap()).await);
    assert_eq!(FaultKind::TailCut.as_ref(), "tail_cut");
}

/// Guesses at an account cannot hide behind refusals of other accounts.
#[actix_web::test]
async fn refused_sign_ins_are_counted_for_each_account() {
    let app = TestApp::start().await;
    let sue = app.supervisor().await;
    let nobody = app.anonymous();
    let guess = async |name: &str| {
        let form = [("grant_type", "password"), ("username", name), ("password", "wrong wrong wrong")];
        let request = nobody.request(actix_web::http::Method::POST, "/v1/auth/token");
        nobody.send(request.set_form(form)).await.status
    };
    // More than are recorded of one address.
    for n in 0..25 {
        guess(&format!("junk{n}@example.com")).await;
    }
    for _ in 0..3 {
        assert_eq!(guess(&sue.email).await, 400);
    }
    app.advance(Duration::minutes(2));
    app.settle().await;
    let sql = format!(
        "SELECT changes #>> '{{count,to}}' AS value FROM audit_events WHERE action = 'suppressed' AND resource_id = '{}'",
        sue.id
    );
    assert_eq!(app.text(&sql).await, ["3"]);
}
