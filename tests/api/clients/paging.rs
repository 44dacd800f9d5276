//! Walking through a list: nothing comes twice, nothing is left out, and a cursor is refused for another list.

use serde_json::json;

use super::{create, world};
use crate::{calls::World, harness::TestUser};

/// The ids of all pages in order, following the `Link` of each page.
async fn walk(who: &TestUser, first: &str, total: usize) -> Vec<String> {
    let mut ids = Vec::new();
    let mut next = Some(first.to_owned());
    while let Some(address) = next.take() {
        let answer = who.get(&address).await;
        let link = answer.next_page();
        let page = answer.ok();
        assert_eq!(link.is_some(), page["next_cursor"].is_string());
        let items = page["data"].as_array().unwrap();
        assert!(items.len() <= 3 && (link.is_none() || items.len() == 3), "{} items", items.len());
        assert_eq!(page["total"], json!(total));
        ids.extend(items.iter().map(|item| item["id"].as_str().unwrap().to_owned()));
        next = link;
    }
    ids
}

/// Name and id of each client.
async fn many(world: &World) -> Vec<(&'static str, String)> {
    let mut made = Vec::new();
    // The clock stands: all times are equal, and so are most names.
    for name in ["a", "same", "same", "same", "same", "same", "same", "z", "Same", "ё"] {
        let client = create(&world.ann, name).await;
        made.push((name, client["id"].as_str().unwrap().to_owned()));
    }
    made
}

#[actix_web::test]
async fn a_walk_meets_everything_once() {
    let world = world().await;
    let mut made = many(&world).await;
    // Names are sorted as in a dictionary; equal names are sorted by id, in the same direction.
    let place = |name: &str| ["a", "same", "Same", "z", "ё"].iter().position(|known| *known == name);
    made.sort_by_key(|(name, id)| (place(name), id.clone()));
    let by_name: Vec<String> = made.iter().map(|(_, id)| id.clone()).collect();
    made.sort_by(|(_, id), (_, other)| id.cmp(other));
    let by_id: Vec<String> = made.iter().map(|(_, id)| id.clone()).collect();
    let reversed = |ids: &[String]| ids.iter().rev().cloned().collect::<Vec<_>>();
    for (order, expected) in [
        ("", reversed(&by_id)),
        ("sort=name", by_name.clone()),
        ("sort=-name", reversed(&by_name)),
        ("sort=created_at", by_id.clone()),
        ("sort=-created_at", reversed(&by_id)),
        ("sort=updated_at", by_id.clone()),
        ("sort=-updated_at", reversed(&by_id)),
    ] {
        let ids = walk(&world.ann, &format!("/v1/clients?limit=3&total=true&{order}"), 10).await;
        assert_eq!(ids, expected, "{order}");
    }
    let found = walk(&world.ann, "/v1/clients?limit=3&total=true&q=same", 7).await;
    made.retain(|(name, _)| name.eq_ignore_ascii_case("same"));
    assert_eq!(found, made.into_iter().rev().map(|(_, id)| id).collect::<Vec<_>>());
    let included = walk(&world.ann, "/v1/clients?limit=3&total=true&q=same&include=owner&fields=id,owner", 7).await;
    assert_eq!(included, found);
    assert_eq!(walk(&world.ann, "/v1/clients?limit=3&total=true&kind=person", 0).await, Vec::<String>::new());
}

#[actix_web::test]
async fn moments_that_there_may_be_none_of_have_a_place_in_the_order() {
    let world = world().await;
    let made: Vec<String> = many(&world).await.into_iter().map(|(_, id)| id).collect();
    // Some have none, and some have the same.
    let day = |at: usize| [None, Some(3), Some(1), None, Some(1), Some(2), None, Some(1), Some(3), None][at];
    for (at, id) in made.iter().enumerate() {
        let moment = day(at).map_or("NULL".to_owned(), |day| format!("'2031-01-0{day}T10:00:00Z'"));
        let all =
            format!("last_interaction_at = {moment}, next_interaction_at = {moment}, last_verified_at = {moment}");
        world.app.sql(&format!("UPDATE clients SET {all} WHERE id = '{id}'")).await;
    }
    let sorted = |absent: i32| {
        let mut places: Vec<usize> = (0..made.len()).collect();
        places.sort_by_key(|at| (day(*at).unwrap_or(absent), made[*at].clone()));
        places.into_iter().map(|at| made[at].clone()).collect::<Vec<_>>()
    };
    for (field, absent) in [("last_interaction_at", 0), ("next_interaction_at", 9), ("last_verified_at", 0)] {
        let mut expected = sorted(absent);
        for direction in ["", "-"] {
            for who in [&world.ann, &world.sue] {
                let first = format!("/v1/clients?limit=3&total=true&sort={direction}{field}");
                assert_eq!(walk(who, &first, 10).await, expected, "{direction}{field}");
            }
            expected.reverse();
        }
        let filtered = async |filter: &str| {
            let page = world.ann.get(&format!("/v1/clients?total=true&{filter}")).await.ok();
            page["total"].as_u64().unwrap()
        };
        assert_eq!(filtered(&format!("{field}_from=2031-01-02T00:00:00Z")).await, 3, "{field}");
        assert_eq!(filtered(&format!("{field}_to=2031-01-02T00:00:00Z")).await, 3, "{field}");
    }
    for (filter, count) in [("no_contact_since", 7), ("unverified_since", 7)] {
        let page = world.ann.get(&format!("/v1/clients?total=true&{filter}=2031-01-02T00:00:00Z")).await.ok();
        assert_eq!(page["total"], count, "{filter}");
    }
    for (op, field, count) in [("lt", "last_interaction_at", 3), ("ge", "next_interaction_at", 3)] {
        let search = json!({"conditions": [{"field": {"name": field, "op": op, "value": "2031-01-02T00:00:00Z"}}]});
        let found = world.ann.post("/v1/clients/search", search).await.ok();
        assert_eq!(found["data"].as_array().unwrap().len(), count, "{field}");
    }
}

#[actix_web::test]
async fn what_comes_meanwhile_shifts_nothing() {
    let world = world().await;
    many(&world).await;
    let page = world.ann.get("/v1/clients?limit=3").await.ok();
    create(&world.ann, "came meanwhile").await;
    let cursor = page["next_cursor"].as_str().unwrap();
    let next = world.ann.get(&format!("/v1/clients?limit=200&cursor={cursor}")).await.ok();
    assert_eq!(next["data"].as_array().unwrap().len(), 7);
}

#[actix_web::test]
async fn a_cursor_is_good_for_its_own_walk_only() {
    let world = world().await;
    many(&world).await;
    let page = world.ann.get("/v1/clients?limit=2&sort=name&kind=organization").await.ok();
    let cursor = page["next_cursor"].as_str().unwrap();
    let same = format!("/v1/clients?kind=organization&sort=name&limit=5&include=owner&total=true&cursor={cursor}");
    assert_eq!(world.ann.get(&same).await.status, 200, "limit, include, total and the order of parameters may change");

    let refused = async |who: &TestUser, address: String| {
        who.get(&address).await.problem(400, "invalid_cursor");
    };
    for query in [
        "",
        "sort=name",
        "kind=organization",
        "sort=-name&kind=organization",
        "sort=name&kind=person",
        "sort=name&kind=organization&is_key=false",
        "sort=name&kind=organization&status=lead",
        "q=same",
    ] {
        refused(&world.ann, format!("/v1/clients?{query}&cursor={cursor}")).await;
    }
    refused(&world.sue, format!("/v1/clients?sort=name&kind=organization&cursor={cursor}")).await;
    refused(&world.ann, format!("/v1/teams?sort=name&cursor={cursor}")).await;
    for at in (0..cursor.len() - 1).step_by(7) {
        let mut tampered = cursor.to_owned();
        tampered.replace_range(at..=at, if cursor.as_bytes()[at] == b'A' { "B" } else { "A" });
        refused(&world.ann, format!("/v1/clients?sort=name&kind=organization&cursor={tampered}")).await;
    }
    for strange in ["x", "0", "%00", "null", "eyJrIjp7InQiOiJhIn19", &"A".repeat(2000)] {
        refused(&world.ann, format!("/v1/clients?sort=name&kind=organization&cursor={strange}")).await;
    }
    let twice = format!("/v1/clients?sort=name&kind=organization&cursor={cursor}&cursor={cursor}");
    world.ann.get(&twice).await.problem(400, "invalid_parameter");
}

#[actix_web::test]
async fn a_cursor_outlives_the_server_and_the_row_it_was_made_from() {
    let world = world().await;
    many(&world).await;
    let page = world.ann.get("/v1/clients?limit=3&sort=name").await.ok();
    let cursor = page["next_cursor"].as_str().unwrap();
    let last = &page["data"][2];
    let client = world.ann.get(&format!("/v1/clients/{}", last["id"].as_str().unwrap())).await.ok();
    world.step(&client, "archive").await;
    let other = world.ann.at(&world.app.second_server().await);
    let next = other.get(&format!("/v1/clients?limit=200&sort=name&cursor={cursor}")).await.ok();
    assert_eq!(next["data"].as_array().unwrap().len(), 7);
}
