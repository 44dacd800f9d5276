//! What the API document says about an operation. It is collected from the types of the handler: each type describes
//! what it takes, answers and refuses. `openapi` adds what all operations have in common.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::{
    CustomizeResponder, HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Json, Path},
};
use serde_json::Value;
use utoipa::{
    IntoParams, ToSchema,
    openapi::{
        Content, HttpMethod, ObjectBuilder, Ref, RefOr, Required, Response, Schema, Type,
        extensions::ExtensionsBuilder,
        path::{Operation, Parameter, ParameterBuilder, ParameterIn},
        request_body::RequestBodyBuilder,
        schema::{ArrayItems, KnownFormat, SchemaFormat},
    },
};

use super::query::{ME, MOST_VALUES, OF_USERS};
use crate::{
    access::{Action, Person, RecentlyAuthenticated, Role, Scope, SignedIn},
    custom::CustomResource,
    db::Db,
    error::Result,
    values::{Id, Resource},
};

/// A text without control characters, except for those that stand for space.
const WITHOUT_CONTROLS: &str = r"^[^\x00-\x08\x0B\x0C\x0E-\x1F\x7F-\x9F]*$";

/// `*`, or entity tags separated by commas (RFC 9110, 13.1.1).
const TAGS: &str = r#"^(\*|(W/)?"[!#-~]*"([ \t]*,[ \t]*(W/)?"[!#-~]*")*)$"#;

/// The id of a user, or the caller.
const USER_OR_ME: &str = "^(me|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})$";

/// What a handler takes.
pub trait Takes {
    /// Describes what it takes from a request, and what it refuses.
    fn describe(description: &mut Description);
}

/// What a handler answers.
pub trait Answers {
    /// Describes what it answers when the request succeeds.
    fn describe(description: &mut Description);
}

/// The headers that operations take, in the order of the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RequestHeader {
    /// `Idempotency-Key`.
    IdempotencyKey,
    /// `If-Match`.
    IfMatch,
    /// `If-Match` that may be left out.
    MaybeIfMatch,
    /// `If-None-Match`.
    IfNoneMatch,
}

/// The description of an operation, while the types of its handler add to it.
pub struct Description {
    method: HttpMethod,
    operation: Operation,
    headers: BTreeSet<RequestHeader>,
    answers: BTreeMap<String, Response>,
    refusals: BTreeSet<u16>,
    needs_caller: bool,
    schemas: Vec<(String, RefOr<Schema>)>,
}

impl Description {
    /// Begins with an operation that already has its texts.
    pub fn new(method: HttpMethod, mut operation: Operation) -> Self {
        let told = std::mem::take(&mut operation.responses.responses);
        let mut description = Self {
            method,
            operation,
            headers: BTreeSet::new(),
            answers: BTreeMap::new(),
            refusals: BTreeSet::new(),
            needs_caller: false,
            schemas: Vec::new(),
        };
        for (status, told) in told {
            match (status.parse(), told) {
                (Ok(status @ 400..), _) => description.refuses(&[status]),
                (_, RefOr::T(answer)) => drop(description.answers.insert(status, answer)),
                (_, RefOr::Ref(_)) => {}
            }
        }
        description
    }

    /// The operation, and the schemas that it names.
    pub fn finish(mut self) -> (Operation, Vec<(String, RefOr<Schema>)>) {
        for header in &self.headers {
            self.operation.parameters.get_or_insert_default().push(header.parameter().into());
        }
        if self.is_idempotent() {
            let replayed = RefOr::Ref(Ref::new("#/components/headers/IdempotencyReplayed"));
            for answer in self.answers.values_mut() {
                answer.headers.insert("Idempotency-Replayed".to_owned(), replayed.clone());
            }
        }
        if !self.needs_caller {
            self.operation.security = Some(Vec::new());
        }
        let responses = &mut self.operation.responses.responses;
        for status in self.refusals {
            let problem = Ref::from_response_name(problem_response_name(status));
            responses.insert(status.to_string(), problem.into());
        }
        responses.extend(self.answers.into_iter().map(|(status, answer)| (status, answer.into())));
        (self.operation, self.schemas)
    }

    fn is_idempotent(&self) -> bool {
        self.headers.contains(&RequestHeader::IdempotencyKey)
    }

    /// Adds parameters of the query.
    pub fn query<T: IntoParams>(&mut self) {
        for mut parameter in T::into_params(|| Some(ParameterIn::Query)) {
            if OF_USERS.contains(&parameter.name.as_str()) {
                parameter.schema = parameter.schema.map(or_me);
            }
            if let ("q", Some(RefOr::T(Schema::Object(words)))) = (parameter.name.as_str(), &mut parameter.schema) {
                words.description = Some("At most 200 characters; blank is as good as left out.".to_owned());
                words.min_length = None;
                words.pattern = Some(WITHOUT_CONTROLS.to_owned());
            }
            if let Some(RefOr::T(Schema::Array(values))) = &mut parameter.schema {
                values.max_items.get_or_insert(MOST_VALUES);
            }
            self.parameter(parameter);
        }
    }

    /// Adds a parameter.
    pub fn parameter(&mut self, parameter: Parameter) {
        self.operation.parameters.get_or_insert_default().push(parameter.into());
    }

    /// Adds the id of an `R` in the address, unless the texts of the operation describe it.
    fn id<R: Resource>(&mut self) {
        if self.operation.parameters.is_some() {
            return;
        }
        self.parameter(
            ParameterBuilder::new()
                .name("id")
                .parameter_in(ParameterIn::Path)
                .required(Required::True)
                .description(Some(format!("The {}.", one_of::<R>())))
                .schema(Some(Ref::from_schema_name(Id::<R>::name())))
                .build(),
        );
    }

    /// Adds a header of the request.
    pub fn header(&mut self, header: RequestHeader) {
        self.headers.insert(header);
    }

    /// Adds a `T` in `media_type` as the body of the request. The JSON of a `PATCH` may be called a merge patch (RFC 7396).
    pub fn body<T: ToSchema>(&mut self, media_type: &str) {
        let content = Content::new(Some(self.schema::<T>()));
        let mut body = RequestBodyBuilder::new().content(media_type, content.clone()).required(Some(Required::True));
        if self.method == HttpMethod::Patch {
            body = body.content("application/merge-patch+json", content);
        }
        self.operation.request_body = Some(body.build().into());
        self.refuses(&[400, 408, 413, 415, 422]);
    }

    /// Adds a file of one of `media_types` as the body of the request.
    pub fn file(&mut self, media_types: &[&str]) {
        let mut body = RequestBodyBuilder::new().required(Some(Required::True));
        for media_type in media_types {
            let file =
                ObjectBuilder::new().schema_type(Type::String).content_media_type(*media_type).format(Some(binary()));
            let mut content = Content::new(Some(RefOr::T(Schema::from(file))));
            content.example = Some("Company;Phone\r\nRomashka;8 495 123-45-67\r\n".into());
            body = body.content(*media_type, content);
        }
        self.operation.request_body = Some(body.build().into());
        self.refuses(&[400, 408, 413, 415, 422]);
    }

    /// Adds statuses with which the operation refuses requests.
    pub fn refuses(&mut self, statuses: &[u16]) {
        self.refusals.extend(statuses);
    }

    /// Adds that callers who are not signed in are refused (401), and that others may be (403).
    pub fn needs_caller(&mut self) {
        self.needs_caller = true;
        self.refuses(&[401, 403]);
    }

    /// Adds an answer with a `T` as its body, and with these headers.
    pub fn answers<T: ToSchema>(&mut self, status: StatusCode, headers: &[&str]) {
        let content = Content::new(Some(self.schema::<T>()));
        self.answer(status, headers).content.insert("application/json".to_owned(), content.into());
    }

    /// Adds that the answer may be a file of this type.
    pub fn answers_file(&mut self, media_type: &str, example: &str) {
        let file = ObjectBuilder::new().schema_type(Type::String).content_media_type(media_type).format(Some(binary()));
        let mut content = Content::new(Some(RefOr::T(Schema::from(file))));
        content.example = Some(example.into());
        self.answer(StatusCode::OK, &[]).content.insert(media_type.to_owned(), content.into());
    }

    /// Adds an answer with these headers, which the caller may complete.
    pub fn answer(&mut self, status: StatusCode, headers: &[&str]) -> &mut Response {
        let answer = self.answers.entry(status.as_str().to_owned()).or_default();
        for name in headers {
            let component = Ref::new(format!("#/components/headers/{}", name.replace('-', "")));
            answer.headers.insert((*name).to_owned(), RefOr::Ref(component));
        }
        answer
    }

    /// Adds an extension, a member `x-…`.
    pub fn extension(&mut self, name: &str, value: impl Into<Value>) {
        let extension = ExtensionsBuilder::new().add(name, value).build();
        self.operation.extensions.get_or_insert_default().merge(extension);
    }

    fn schema<T: ToSchema>(&mut self) -> RefOr<Schema> {
        let name = T::name().into_owned();
        self.schemas.push((name.clone(), T::schema()));
        T::schemas(&mut self.schemas);
        Ref::from_schema_name(name).into()
    }
}

/// What the texts call one `R`, whose name is that of many: "order" of `orders`, "opportunity" of `opportunities`.
pub fn one_of<R: Resource>() -> String {
    let many = R::NAME.replace('_', " ");
    match many.strip_suffix("ies") {
        Some(stem) => format!("{stem}y"),
        None => many.strip_suffix('s').unwrap_or(&many).to_owned(),
    }
}

/// The name of the shared response for problems with this status.
pub fn problem_response_name(status: u16) -> String {
    format!("Problem{status}")
}

impl RequestHeader {
    fn parameter(self) -> Parameter {
        let text = ObjectBuilder::new().schema_type(Type::String);
        let (name, required, description, schema) = match self {
            Self::IdempotencyKey => (
                "Idempotency-Key",
                Required::False,
                "Makes a repeated request safe: the same key and request get the same answer, for 24 hours. When your rights \
                 are other ones by then, 409 `answer_withheld` tells that it was done.",
                text.min_length(Some(1)).max_length(Some(255)).pattern(Some("^[\\x20-\\x7E]+$")),
            ),
            Self::IfMatch => (
                "If-Match",
                Required::True,
                "The `ETag` of the resource as you read it, or `*`.",
                text.min_length(Some(1)).pattern(Some(TAGS)),
            ),
            Self::MaybeIfMatch => (
                "If-Match",
                Required::False,
                "The `ETag` of the resource as you read it, or `*`: then nothing is created.",
                text.min_length(Some(1)).pattern(Some(TAGS)),
            ),
            Self::IfNoneMatch => (
                "If-None-Match",
                Required::False,
                "The `ETag` that you hold: 304 when it is still the current one.",
                text,
            ),
        };
        let example = (self == Self::IfMatch).then(|| "*".into());
        ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Header)
            .required(required)
            .description(Some(description))
            .schema(Some(schema))
            .example(example)
            .build()
    }
}

impl<R: Resource, A: Action> Takes for Scope<R, A> {
    fn describe(description: &mut Description) {
        description.needs_caller();
        description.extension("x-permission", Self::permission());
    }
}

impl Takes for SignedIn {
    fn describe(description: &mut Description) {
        description.needs_caller();
    }
}

impl Takes for Person {
    fn describe(description: &mut Description) {
        description.needs_caller();
        description.extension("x-caller", "person");
    }
}

impl Takes for RecentlyAuthenticated {
    fn describe(description: &mut Description) {
        description.needs_caller();
        description.extension("x-recent-authentication", true);
    }
}

impl<R: Resource> Takes for Path<Id<R>> {
    fn describe(description: &mut Description) {
        description.id::<R>();
        description.refuses(&[400, 404]);
        if R::CAN_BE_ERASED {
            description.refuses(&[410]);
        }
    }
}

// `#[utoipa::path]` describes other parameters in the address.
impl<A, B> Takes for Path<(A, B)> {
    fn describe(description: &mut Description) {
        description.refuses(&[400, 404]);
    }
}

impl Takes for Path<CustomResource> {
    fn describe(description: &mut Description) {
        description.refuses(&[400, 404]);
    }
}

impl Takes for Path<Role> {
    fn describe(description: &mut Description) {
        description.refuses(&[400, 404]);
    }
}

impl Takes for Path<String> {
    fn describe(description: &mut Description) {
        description.refuses(&[400, 404]);
    }
}

// These are not parameters of the operation, so there is nothing to describe.
impl Takes for HttpRequest {
    fn describe(_: &mut Description) {}
}

impl Takes for Db {
    fn describe(_: &mut Description) {}
}

impl<T: ?Sized> Takes for Data<T> {
    fn describe(_: &mut Description) {}
}

/// The arguments of a handler: each describes itself.
macro_rules! several {
    ($($one:ident),*) => {
        impl<$($one: Takes),*> Takes for ($($one,)*) {
            fn describe(_description: &mut Description) {
                $($one::describe(_description);)*
            }
        }
    };
}
several!();
several!(A);
several!(A, B);
several!(A, B, C);
several!(A, B, C, D);
several!(A, B, C, D, E);
several!(A, B, C, D, E, F);

impl<T: Answers> Answers for Result<T> {
    fn describe(description: &mut Description) {
        T::describe(description);
    }
}

impl<T: Answers> Answers for CustomizeResponder<T> {
    fn describe(description: &mut Description) {
        T::describe(description);
    }
}

impl<T: ToSchema> Answers for Json<T> {
    fn describe(description: &mut Description) {
        description.answers::<T>(StatusCode::OK, &[]);
    }
}

// `#[utoipa::path]` describes the answer.
impl Answers for HttpResponse {
    fn describe(_: &mut Description) {}
}

/// The schema of a parameter that names users: `me` stands for the caller.
fn or_me(schema: RefOr<Schema>) -> RefOr<Schema> {
    match schema {
        RefOr::T(Schema::Array(mut users)) => {
            users.items = match users.items {
                ArrayItems::RefOrSchema(user) => ArrayItems::RefOrSchema(Box::new(or_me(*user))),
                ArrayItems::False => ArrayItems::False,
            };
            RefOr::T(Schema::Array(users))
        }
        _ => {
            let user = ObjectBuilder::new().schema_type(Type::String).pattern(Some(USER_OR_ME));
            let user = user.description(Some("The id of a user, or `me`: the caller."));
            RefOr::T(user.examples([ME, "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e2f"]).build().into())
        }
    }
}

/// The format of what is no text: generators of clients send and give it as bytes.
fn binary() -> SchemaFormat {
    SchemaFormat::KnownFormat(KnownFormat::Binary)
}
