//! A row of the table: one operation on one kind of object. Each of its cells is the answer to one caller.

use serde_json::Value;

use super::{
    callers::Caller,
    expected::{Expected, visible},
};
use crate::{
    calls::{About, Belongs, Call, Operation, Target, World, call},
    harness::Answer,
};

/// An operation on one kind of object.
pub struct Row {
    pub operation: Operation,
    pub label: &'static str,
    pub target: Target,
    pub absent: bool,
}

/// The rows of an operation: one for ordinary and one for key clients if it is about something of a client, and one for
/// an object that does not exist.
pub async fn rows(world: &World, operation: Operation) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for target in [Target::Ordinary, Target::Key] {
        let call = call(world, operation.id, target).await;
        let label = match call.about {
            About::Nothing => "-",
            About::Shared => "any",
            About::User(_) => "of team",
            About::Client(Belongs { is_key: false, .. }) => "ordinary",
            About::Client(_) => "key",
        };
        if rows.iter().all(|row| row.label != label) {
            rows.push(Row { operation, label, target, absent: false });
        }
    }
    let needs_object = rows.iter().any(|row| row.label != "-");
    if needs_object && !operation.is_list() {
        rows.push(Row { operation, label: "absent", target: Target::Ordinary, absent: true });
    }
    rows
}

impl Row {
    pub async fn call(&self, world: &World) -> Call {
        let call = call(world, self.operation.id, self.target).await;
        if self.absent { call.absent() } else { call }
    }

    /// Sends one call, and compares the answer with the policy.
    pub async fn cell(&self, call: &Call, caller: &Caller, wrong: &mut Vec<String>) -> String {
        let offered = self.offered(call, caller).await;
        let answer = caller.user.send(call.request(&self.operation, &caller.user)).await;
        let mut told = answer.status.to_string();
        let expected = self.expected(caller, call);
        let mut complain = |what: String| {
            wrong.push(format!("{} {} as {}: {what}", self.operation.id, self.label, caller.name));
        };
        if !expected.fits(answer.status) {
            complain(format!("{} where the policy says {expected:?}: {:?}", answer.status, answer.body));
        }
        if offered.is_some_and(|offered| offered != (answer.status < 300)) {
            complain(format!("`actions` says {offered:?}, and then {}: {:?}", answer.status, answer.body));
        }
        if matches!(expected, Expected::Missing(_)) && !self.absent {
            let absent = call.absent();
            let nothing = caller.user.send(absent.request(&self.operation, &caller.user)).await;
            let (one, other) = (answer.told(&[call.id().unwrap()]), nothing.told(&[absent.id().unwrap()]));
            if one != other {
                complain(format!("what is out of reach can be told from what is absent:\n{one:#?}\n{other:#?}"));
            }
        }
        if self.operation.is_list() && answer.status == 200 && call.id().is_some() {
            let seen = lists(&self.operation, caller, answer, call.id().unwrap()).await;
            if seen != visible(&self.operation, caller, call) {
                complain(format!("in the list: {seen}"));
            }
            told.push(if seen { '+' } else { '-' });
        }
        told
    }

    /// Whether the resource, as the caller sees it, offers the operation among its `actions`.
    async fn offered(&self, call: &Call, caller: &Caller) -> Option<bool> {
        let mut parts = self.operation.path.split('/').skip(2);
        let (resources, "{id}", verb) = (parts.next()?, parts.next()?, parts.next()) else { return None };
        let action = match (self.operation.method, verb) {
            ("patch", None) => "update".to_owned(),
            ("delete", None) => "delete".to_owned(),
            ("post", Some("transfer")) if caller.is_member => return None,
            // A user does not show whether there is a second factor, and keys are resources of their own.
            ("post", Some("reset-second-factor" | "keys")) => return None,
            ("post", Some(verb)) => verb.to_owned(),
            _ => return None,
        };
        let seen = caller.user.get(&format!("/v1/{resources}/{}", call.id()?)).await;
        let actions = (seen.status == 200).then(|| seen.json()["actions"].as_array().cloned())??;
        Some(actions.contains(&Value::from(action)))
    }
}

/// Whether `id` is on any page of the list.
async fn lists(operation: &Operation, caller: &Caller, first: Answer, id: &str) -> bool {
    let mut page = first.json();
    loop {
        if page["data"].as_array().unwrap().iter().any(|item| item["id"] == id) {
            return true;
        }
        let Some(cursor) = page["next_cursor"].as_str() else { return false };
        page = caller.user.get(&format!("{}?cursor={cursor}", operation.path)).await.ok();
    }
}
