//! Every failure, as a problem document (RFC 9457).
//!
//! Handlers and queries return [`Error`]; the [`crate::edge::answer`] middleware writes it in the caller's language.

mod heard;
mod problem_type;
mod standing;

use std::{borrow::Cow, fmt};

use actix_web::{HttpResponse, ResponseError, http::StatusCode};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

pub(crate) use self::heard::heard;
use self::heard::{Trouble, trouble};
pub use self::{problem_type::ProblemType, standing::Standing};
use crate::values::{Invalid, Language, Say};

/// The result of everything that can fail in a request.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// One wrong field of a request body or one wrong query parameter.
#[derive(Clone, Debug)]
pub struct FieldError {
    pointer: String,
    invalid: Invalid,
}

impl FieldError {
    /// What is wrong: a JSON pointer (RFC 6901) into the body, or a parameter's name.
    pub fn pointer(&self) -> &str {
        &self.pointer
    }

    /// `pointer` is a JSON pointer (RFC 6901) into the body, or a parameter's name.
    pub fn new(pointer: impl Into<String>, invalid: Invalid) -> Self {
        Self { pointer: pointer.into(), invalid }
    }

    /// Where it is, and what is wrong there.
    pub fn into_parts(self) -> (String, Invalid) {
        (self.pointer, self.invalid)
    }
}

/// A failure that is reported to the caller.
///
/// Its cause, when it has one, is for the log only.
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Clone, Debug)]
struct Inner {
    problem: ProblemType,
    detail: Option<Say>,
    fields: Vec<FieldError>,
    extra: Map<String, Value>,
    retry_after: Option<u64>,
    standing: Option<Standing>,
    allow: Option<String>,
    cause: Option<String>,
}

impl Error {
    /// A failure of this type, without details.
    pub fn new(problem: ProblemType) -> Self {
        Self(Box::new(Inner {
            problem,
            detail: None,
            fields: Vec::new(),
            extra: Map::new(),
            retry_after: None,
            standing: None,
            allow: None,
            cause: None,
        }))
    }

    /// The resource is absent or out of the caller's reach. The caller cannot tell which.
    pub fn not_found() -> Self {
        Self::new(ProblemType::NotFound)
    }

    /// The personal data of the resource was erased at the moment `at`.
    pub fn erased(at: impl Serialize) -> Self {
        Self::new(ProblemType::Erased).with("erased_at", at)
    }

    /// The caller may see the resource but not do this. Names the missing permission.
    pub fn forbidden(permission: &str) -> Self {
        Self::new(ProblemType::Forbidden)
            .detail(
                format!("This needs the permission {permission} for this resource."),
                format!("Для этого нужно право `{permission}` на этот ресурс."),
            )
            .with("permission", permission)
    }

    /// One field breaks a rule.
    pub fn field(pointer: impl Into<String>, invalid: Invalid) -> Self {
        Self::fields(vec![FieldError::new(pointer, invalid)])
    }

    /// These fields are wrong. The body is malformed when one of them is unknown or given twice, otherwise it is
    /// invalid.
    pub fn fields(fields: Vec<FieldError>) -> Self {
        let malformed = fields.iter().any(|field| ["unknown_field", "duplicate_field"].contains(&field.invalid.code()));
        let problem = if malformed { ProblemType::UnknownField } else { ProblemType::ValidationFailed };
        let mut error = Self::new(problem);
        error.0.fields = fields;
        error
    }

    /// Another resource has the value at `pointer`, which must be the only one: `holder`, where the caller may see it.
    pub fn taken(pointer: &str, holder: Option<Uuid>) -> Self {
        let mut error = Self::new(ProblemType::AlreadyExists);
        error.0.fields = vec![FieldError::new(pointer, Invalid::Taken)];
        match holder {
            Some(id) => error.with("holder_id", id),
            None => error,
        }
    }

    /// The caller has seen another version of the resource than the present one.
    pub fn stale(current_version: i64) -> Self {
        Self::new(ProblemType::PreconditionFailed).with("current_version", current_version)
    }

    /// The state of the resource forbids this transition.
    pub fn transition(state: &str, allowed: &[&str]) -> Self {
        let list = if allowed.is_empty() { "—".to_owned() } else { allowed.join(", ") };
        Self::new(ProblemType::InvalidState)
            .detail(
                format!("Not possible in the state {state}. Possible now: {list}."),
                format!("Невозможно в состоянии `{state}`. Сейчас возможно: `{list}`."),
            )
            .with("state", state)
            .with("allowed", allowed)
    }

    /// Something inside failed; the cause goes to the log and never to the caller.
    pub fn internal(cause: impl fmt::Display) -> Self {
        let mut error = Self::new(ProblemType::Internal);
        error.0.cause = Some(cause.to_string());
        error
    }

    /// The database is not available now.
    pub fn unavailable(cause: impl fmt::Display) -> Self {
        let mut error = Self::new(ProblemType::Unavailable).retry_after(1);
        error.0.cause = Some(cause.to_string());
        error
    }

    /// The wrong fields that it names.
    pub fn into_fields(self) -> Vec<FieldError> {
        self.0.fields
    }

    /// Names the wrong fields of a problem whose type is already decided.
    #[must_use]
    pub fn with_fields(mut self, fields: Vec<FieldError>) -> Self {
        self.0.fields = fields;
        self
    }

    /// Adds what happened inside, for the log only.
    #[must_use]
    pub fn because(mut self, cause: impl Into<String>) -> Self {
        self.0.cause = Some(cause.into());
        self
    }

    /// Says more about this occurrence, in both languages.
    #[must_use]
    pub fn detail(mut self, en: impl Into<Cow<'static, str>>, ru: impl Into<Cow<'static, str>>) -> Self {
        self.0.detail = Some(Say::new(en, ru));
        self
    }

    /// Adds a member to the problem document.
    #[must_use]
    pub fn with(mut self, member: &str, value: impl Serialize) -> Self {
        let value = serde_json::to_value(value).unwrap_or(Value::Null);
        self.0.extra.insert(member.to_owned(), value);
        self
    }

    /// Says after how many seconds to try again.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.0.retry_after = Some(seconds);
        self
    }

    /// Says which limit was hit.
    #[must_use]
    pub fn standing(mut self, standing: Standing) -> Self {
        self.0.standing = Some(standing);
        self
    }

    /// Names the methods that the address accepts.
    #[must_use]
    pub fn allow(mut self, methods: &str) -> Self {
        self.0.allow = Some(methods.to_owned());
        self
    }

    /// The methods for `Allow`.
    pub fn allowed_methods(&self) -> Option<&str> {
        self.0.allow.as_deref()
    }

    /// The present version of a resource of which the caller has seen another one.
    pub fn current_version(&self) -> Option<i64> {
        self.0.extra.get("current_version").and_then(Value::as_i64)
    }

    /// Whether the problem document has this member.
    pub fn has(&self, member: &str) -> bool {
        self.0.extra.contains_key(member)
    }

    /// The members that the problem document has in addition to those of every problem.
    pub fn members(&self) -> &Map<String, Value> {
        &self.0.extra
    }

    /// A copy of this failure, since the framework keeps the original.
    #[must_use]
    pub fn copy(&self) -> Self {
        Self(self.0.clone())
    }

    /// What kind of failure this is.
    pub fn problem(&self) -> ProblemType {
        self.0.problem
    }

    /// What happened inside, for the log.
    pub fn cause(&self) -> Option<&str> {
        self.0.cause.as_deref()
    }

    /// Seconds for `Retry-After`.
    pub fn retry_after_seconds(&self) -> Option<u64> {
        self.0.retry_after
    }

    /// The limit that was hit.
    pub fn limit(&self) -> Option<Standing> {
        self.0.standing
    }

    /// The document for this failure.
    pub fn document(&self, language: Language, instance: &str, request_id: &str) -> Problem {
        let Inner { problem, detail, fields, extra, .. } = &*self.0;
        Problem {
            r#type: problem.uri(),
            title: problem.title().text(language).to_owned(),
            status: problem.status().as_u16(),
            code: problem.code(),
            detail: detail
                .as_ref()
                .map_or_else(|| problem.about().text(language).to_owned(), |say| say.text(language).to_owned()),
            instance: instance.to_owned(),
            request_id: request_id.to_owned(),
            errors: fields
                .iter()
                .map(|field| ProblemField {
                    pointer: field.pointer.clone(),
                    code: field.invalid.code().to_owned(),
                    detail: field.invalid.say().text(language).to_owned(),
                })
                .collect(),
            more: extra.clone(),
        }
    }
}

/// For the log and the command line: what happened inside, or else the text for the caller.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { problem, detail, cause, .. } = &*self.0;
        match (cause, detail) {
            (Some(cause), _) => f.write_str(cause),
            (None, Some(detail)) => f.write_str(detail.text(Language::En)),
            (None, None) => f.write_str(problem.about().text(Language::En)),
        }
    }
}

impl std::error::Error for Error {}

impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        self.0.problem.status()
    }

    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.status_code())
    }
}

impl From<diesel::result::Error> for Error {
    /// An unexpected database error. Expected errors are handled at the statement: "not found" with
    /// `.optional()?.ok_or_else(Error::not_found)`, "taken" with [`OnConstraint`].
    fn from(error: diesel::result::Error) -> Self {
        use diesel::result::{DatabaseErrorKind as Kind, Error as Diesel};
        // Triggers of several tables write what these cover.
        if let Diesel::DatabaseError(Kind::UniqueViolation, info) = &error {
            match info.constraint_name() {
                Some("external_ids_pkey") => return Self::taken("/external_ids", None),
                Some("custom_values_unique_key") => return Self::taken("/custom_fields", None),
                _ => {}
            }
        }
        let trouble = match &error {
            Diesel::DatabaseError(
                Kind::ClosedConnection | Kind::UnableToSendCommand | Kind::ReadOnlyTransaction,
                _,
            )
            | Diesel::BrokenTransactionManager => Some(Trouble::Away),
            Diesel::DatabaseError(Kind::SerializationFailure, _) => Some(Trouble::Collision),
            Diesel::DatabaseError(Kind::Unknown, info) => trouble(info.message()),
            _ => None,
        };
        match trouble {
            // Nothing is lost, and a retry succeeds.
            Some(Trouble::Collision) => Self::new(ProblemType::Busy).retry_after(1).because(error.to_string()),
            Some(Trouble::Slow) => Self::unavailable(error).retry_after(5),
            Some(Trouble::Away) => Self::unavailable(error),
            None => Self::internal(error),
        }
    }
}

/// Turns the breach of a named constraint into the caller's error, at the statement that can breach it.
pub trait OnConstraint<T> {
    /// Returns the error that `instead` has for the breached constraint, if it has one.
    ///
    /// # Errors
    /// The statement's own error otherwise.
    fn on_constraint(self, instead: impl FnOnce(&str) -> Option<Error>) -> Result<T>;
}

impl<T> OnConstraint<T> for diesel::QueryResult<T> {
    fn on_constraint(self, instead: impl FnOnce(&str) -> Option<Error>) -> Result<T> {
        self.map_err(|error| {
            let breached = match &error {
                diesel::result::Error::DatabaseError(_, info) => info.constraint_name().and_then(instead),
                _ => None,
            };
            breached.unwrap_or_else(|| error.into())
        })
    }
}

/// A problem document (RFC 9457), the body of every answer from 400 up.
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem {
    /// Where this type of problem is described, relative to the server.
    #[schema(example = "/problems/validation-failed", format = "uri-reference")]
    pub r#type: String,
    /// What kind of problem it is, in the caller's language.
    pub title: String,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    pub status: u16,
    /// The stable code of this type, for programs.
    #[schema(example = "validation_failed")]
    pub code: String,
    /// What happened here, in the caller's language.
    pub detail: String,
    /// The path that was asked for.
    #[schema(example = "/v1/clients")]
    pub instance: String,
    /// The request's id, for support and the log.
    pub request_id: String,
    /// Every wrong field, when fields are wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub errors: Vec<ProblemField>,
    /// Members of this type of problem, such as `permission`, `state` and `allowed`, `current_version`.
    #[serde(flatten)]
    #[schema(ignore)]
    pub more: Map<String, Value>,
}

/// One wrong field.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemField {
    /// A JSON pointer (RFC 6901) into the request body, or the name of a parameter or header.
    #[schema(example = "/phone")]
    pub pointer: String,
    /// The stable code of the error.
    #[schema(example = "invalid_phone")]
    pub code: String,
    /// What is wrong, in the caller's language.
    pub detail: String,
}
