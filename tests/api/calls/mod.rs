//! How to call each operation of the document so that it succeeds: the basis of tests that try all operations.
//!
//! An operation has one entry, in the function of its slice in `entries.rs`. So tests of rules for every operation (who
//! may call it, what bad input gets) cover a new operation, too.

mod entries;
mod operation;
mod world;

pub use crate::harness::PASSWORD;
use actix_web::{http::Method, test::TestRequest};
pub use entries::{call, new_order};
use liaison::{
    access::{TeamId, UserId},
    values::Id,
};
pub use operation::{Operation, operations};
use serde_json::{Value, json};
pub use world::{LOST_REASON, World, code, every_scope, step_body};

use crate::harness::TestUser;

/// Whose client an operation is tried on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// An ordinary client of the manager `ann`.
    Ordinary,
    /// A key client of the key-account manager `kim`, of the same team.
    Key,
}

/// Who something belongs to, which decides whose reach it is in.
#[derive(Clone, Copy, Debug)]
pub struct Belongs {
    pub owner: UserId,
    pub team: TeamId,
    pub is_key: bool,
}

/// The object that an operation is about.
#[derive(Clone, Copy, Debug)]
pub enum About {
    /// No existing object.
    Nothing,
    /// Something that belongs to nobody.
    Shared,
    /// A client, or something of one.
    Client(Belongs),
    /// A user, or something of one.
    User(Belongs),
}

#[derive(Clone, Debug)]
pub enum Body {
    None,
    Json(Value),
    Form(Vec<(&'static str, String)>),
    File(&'static str),
}

/// One call of an operation that is valid; only the caller may lack the right.
#[derive(Clone, Debug)]
pub struct Call {
    pub about: About,
    /// The resource as the API answered it; its members fill the path.
    pub object: Value,
    pub body: Body,
    parameters: Vec<(&'static str, String)>,
}

impl Call {
    fn new(about: About, object: Value) -> Self {
        Self { about, object, body: Body::None, parameters: Vec::new() }
    }

    /// A call of an operation that needs no existing object.
    pub fn plain() -> Self {
        Self::new(About::Nothing, Value::Null)
    }

    /// A call about something that belongs to nobody, such as a team or a product.
    pub fn shared(object: Value) -> Self {
        Self::new(About::Shared, object)
    }

    /// A call about the only object of its kind, which exists for everyone.
    pub fn standing(object: Value) -> Self {
        Self::new(About::Nothing, object)
    }

    /// A call about a client, whoever owns it.
    pub fn of_client(client: Value) -> Self {
        let is_key = client["is_key"] == true;
        let belongs = Belongs { owner: read(&client["owner_id"]), team: read(&client["team_id"]), is_key };
        Self::new(About::Client(belongs), client)
    }

    /// A call about a user.
    pub fn of_user(user: Value) -> Self {
        let belongs = Belongs { owner: read(&user["id"]), team: read(&user["team_id"]), is_key: true };
        Self::new(About::User(belongs), user)
    }

    /// A call about something of a user.
    pub fn of_owner(object: Value) -> Self {
        let belongs = Belongs { owner: read(&object["owner_id"]), team: read(&object["team_id"]), is_key: true };
        Self::new(About::User(belongs), object)
    }

    /// A call about the deputy of somebody who is absent.
    pub fn of_deputy(deputy: Value) -> Self {
        let belongs = Belongs { owner: read(&deputy["user_id"]), team: read(&deputy["team_id"]), is_key: true };
        Self::new(About::User(belongs), deputy)
    }

    /// A call about something of `user` alone, such as a job.
    pub fn owned_by(user: &TestUser, object: Value) -> Self {
        Self::new(About::User(Belongs { owner: user.id, team: user.team_id, is_key: true }), object)
    }

    /// With a JSON body.
    pub fn json(self, body: Value) -> Self {
        Self { body: Body::Json(body), ..self }
    }

    /// With a file.
    pub fn file(self, text: &'static str) -> Self {
        Self { body: Body::File(text), ..self }
    }

    /// With a form.
    pub fn form(self, fields: Vec<(&'static str, String)>) -> Self {
        Self { body: Body::Form(fields), ..self }
    }

    /// With a parameter of the path that is not a member of the object.
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.parameters.push((name, value.to_owned()));
        self
    }

    pub fn id(&self) -> Option<&str> {
        self.object["id"].as_str()
    }

    /// The same call about something that does not exist.
    pub fn absent(&self) -> Self {
        let nowhere = Id::<()>::generate().to_string();
        let mut call = self.clone();
        if let Some(id) = self.id() {
            let without =
                |value: &Value| -> Value { serde_json::from_str(&value.to_string().replace(id, &nowhere)).unwrap() };
            call.object = without(&self.object);
            if let Body::Json(body) = &self.body {
                call.body = Body::Json(without(body));
            }
        }
        call
    }

    pub fn path(&self, operation: &Operation) -> String {
        let fill = |part: &str| match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
            None => part.to_owned(),
            Some(name) => match self.parameters.iter().find(|(known, _)| *known == name) {
                Some((_, value)) => value.clone(),
                None => self.object[name]
                    .as_str()
                    .unwrap_or_else(|| panic!("{}: nothing for {{{name}}}", operation.id))
                    .to_owned(),
            },
        };
        operation.path.split('/').map(fill).collect::<Vec<_>>().join("/")
    }

    /// The request without its body, with `If-Match` if the object has a version.
    pub fn head(&self, operation: &Operation, who: &TestUser) -> TestRequest {
        self.head_at(operation, &self.path(operation), who)
    }

    fn head_at(&self, operation: &Operation, address: &str, who: &TestUser) -> TestRequest {
        let method = Method::from_bytes(operation.method.to_uppercase().as_bytes()).unwrap();
        let request = who.request(method, address);
        match (operation.requires("If-Match"), self.object["version"].as_i64()) {
            (true, Some(version)) => request.insert_header(("If-Match", format!("\"{version}\""))),
            (true, None) => request.insert_header(("If-Match", "*")),
            (false, _) => request,
        }
    }

    pub fn request(&self, operation: &Operation, who: &TestUser) -> TestRequest {
        self.request_at(operation, &self.path(operation), who)
    }

    /// The request at another address.
    pub fn request_at(&self, operation: &Operation, address: &str, who: &TestUser) -> TestRequest {
        let request = self.head_at(operation, address, who);
        match &self.body {
            Body::None => request,
            Body::Json(body) => request.set_json(body),
            Body::Form(fields) => request.set_form(fields),
            Body::File(text) => request.insert_header(("Content-Type", "text/csv")).set_payload(*text),
        }
    }
}

fn read<R>(id: &Value) -> Id<R> {
    serde_json::from_value(id.clone()).unwrap()
}

/// The name of a field that is defined by nobody else.
pub fn unique_word(word: &str) -> String {
    unique(word).as_str().unwrap_or_default().replace(' ', "_").chars().take(40).collect()
}

/// A name that no other object has. It is in letters, since numbers in names are sorted by their value.
pub fn unique(word: &str) -> Value {
    let letter = |byte: u8| if byte.is_ascii_digit() { char::from(byte - b'0' + b'g') } else { char::from(byte) };
    let letters: String = Id::<()>::generate().uuid().simple().to_string().bytes().map(letter).collect();
    json!(format!("{word} {letters}"))
}
