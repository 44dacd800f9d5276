//! How many clients there are in each group.

use serde_json::{Value, json};

use super::{create, create_with, world};
use crate::{calls::LOST_REASON, harness::TestUser};

/// The groups by `query`: key, label and count of each.
async fn groups(user: &TestUser, query: &str) -> Vec<(Value, Value, i64)> {
    let summary = user.get(&format!("/v1/clients/summary{query}")).await.ok();
    assert_eq!(summary["others"], 0);
    let group = |group: &Value| (group["key"].clone(), group["label"].clone(), group["count"].as_i64().unwrap());
    summary["groups"].as_array().unwrap().iter().map(group).collect()
}

#[actix_web::test]
async fn clients_are_counted_by_what_they_have_in_common() {
    let world = world().await;
    let (ann, null) = (&world.ann, || Value::Null);
    let described = json!({"kind": "person", "name": "a", "industry": "Retail", "source": "fair", "tags": ["vip", "new"],
        "address": {"city": "Tver", "country": "RU"}});
    create_with(ann, described).await;
    create_with(ann, json!({"kind": "person", "name": "b", "industry": "Retail", "tags": ["vip"]})).await;
    let lost = create(&world.kim, "c").await;
    let _ = world.kim.transition("mark-lost", &lost, json!({"lost_reason_id": LOST_REASON})).await.ok();
    let key = create(&world.kim, "d").await;
    world.step(&key, "designate-key").await;
    let archived = create(&world.kim, "e").await;
    world.step(&archived, "archive").await;
    let team = world.sue.get(&format!("/v1/teams/{}", world.ann.team_id)).await.ok();
    let user = async |id| world.sue.get(&format!("/v1/users/{id}")).await.ok()["name"].clone();
    let (ann_is, kim_is) = (user(ann.id).await, user(world.kim.id).await);
    let mut owners = vec![(json!(ann.id), ann_is, 2), (json!(world.kim.id), kim_is, 2)];
    owners.sort_by_key(|(key, _, _)| key.to_string());
    for (by, expected) in [
        ("", vec![(json!("lead"), null(), 3), (json!("lost"), null(), 1)]),
        ("?by=status&status=archived", vec![(json!("archived"), null(), 1)]),
        ("?by=kind", vec![(json!("organization"), null(), 2), (json!("person"), null(), 2)]),
        ("?by=owner", owners),
        ("?by=team", vec![(team["id"].clone(), team["name"].clone(), 4)]),
        ("?by=industry&kind=person", vec![(json!("Retail"), null(), 2)]),
        ("?by=source&kind=person", vec![(json!("fair"), null(), 1), (null(), null(), 1)]),
        ("?by=city&industry=Retail", vec![(json!("Tver"), null(), 1), (null(), null(), 1)]),
        ("?by=country&city=Tver", vec![(json!("RU"), null(), 1)]),
        ("?by=is_key", vec![(json!("false"), null(), 3), (json!("true"), null(), 1)]),
        ("?by=lost_reason&status=lost", vec![(json!(LOST_REASON), json!("Price"), 1)]),
        ("?by=tag", vec![(json!("vip"), null(), 2), (json!("new"), null(), 1)]),
        ("?by=kind&q=nobody", vec![]),
    ] {
        assert_eq!(groups(&world.sue, by).await, expected, "{by}");
    }
    assert_eq!(groups(&world.kai, "?by=status").await, [(json!("lead"), null(), 1)]);
    assert!(groups(&world.mia, "?by=status").await.is_empty());
}

#[actix_web::test]
async fn a_summary_takes_the_filters_of_the_list_and_no_more() {
    let world = world().await;
    for (query, wrong) in [
        ("by=height", "by"),
        ("sort=name", "sort"),
        ("include=owner", "include"),
        ("limit=5", "limit"),
        ("kind=x", "kind"),
    ] {
        let refused = world.sue.get(&format!("/v1/clients/summary?{query}")).await.problem(400, "invalid_parameter");
        assert_eq!(refused["errors"][0]["pointer"], wrong, "{query}");
    }
}

#[actix_web::test]
async fn the_largest_groups_are_shown_and_the_others_counted() {
    let world = world().await;
    create_with(&world.ann, json!({"kind": "person", "name": "first", "industry": "i1"})).await;
    let columns = "SELECT string_agg(column_name, ', ') AS value FROM information_schema.columns \
                   WHERE table_name = 'clients' AND is_generated = 'NEVER'";
    let from = world.app.text(columns).await.remove(0);
    let values = from
        .split(", ")
        .map(|column| match column {
            "id" => "gen_random_uuid()".to_owned(),
            "name" => "'n' || n".to_owned(),
            "industry" => "'i' || n".to_owned(),
            other => other.to_owned(),
        })
        .collect::<Vec<_>>()
        .join(", ");
    world
        .app
        .sql(&format!("INSERT INTO clients ({from}) SELECT {values} FROM clients, generate_series(1, 203) AS n"))
        .await;
    let summary = world.sue.get("/v1/clients/summary?by=industry").await.ok();
    let groups = summary["groups"].as_array().unwrap();
    assert_eq!((groups.len(), &groups[0]["key"], &groups[0]["count"]), (200, &json!("i1"), &json!(2)));
    assert_eq!(summary["others"], 3);
}
