//! The same request is sent many times at once. trust R2

use std::{sync::Barrier, thread};

use serde_json::json;

use crate::{
    caller::{Answer, Request},
    stage::Stage,
};

const POSTS: usize = 100;

#[test]
fn a_hundred_equal_posts_at_once_have_one_effect() {
    let stage = Stage::new(&[]);
    let body = json!({"kind": "organization", "name": "Once"});
    let request = Request::post("/v1/clients", "the one key", body);
    let together = Barrier::new(POSTS);
    let answers: Vec<Answer> = thread::scope(|scope| {
        let callers: Vec<_> = (0..POSTS)
            .map(|_| {
                scope.spawn(|| {
                    let caller = stage.caller();
                    together.wait();
                    caller.send(&request).unwrap()
                })
            })
            .collect();
        callers.into_iter().map(|caller| caller.join().unwrap()).collect()
    });
    let later = stage.caller().send(&request).unwrap();
    assert_eq!((later.status, later.header("idempotency-replayed")), (201, Some("true")), "{later:?}");
    let (made, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 201);
    for answer in &made {
        assert_eq!((&answer.body, answer.header("location")), (&later.body, later.header("location")));
    }
    for answer in &refused {
        assert_eq!((answer.status, answer.code()), (409, Some("idempotency_in_progress")), "{answer:?}");
        assert!(answer.header("retry-after").is_some(), "{answer:?}");
    }
    let first = made.iter().filter(|answer| answer.header("idempotency-replayed").is_none()).count();
    let effects = ["clients", "audit_events WHERE resource = 'clients'", "outbox_events WHERE resource = 'clients'"]
        .map(|rows| stage.postgres.value(&format!("SELECT count(*) FROM {rows}")));
    println!(
        "equal posts: {POSTS} at once: {} answered with what was made, {} told to come back; rows, audit rows and events: \
         {effects:?}",
        made.len(),
        refused.len()
    );
    assert_eq!((first, effects), (1, ["1", "1", "1"].map(str::to_owned)));
}
