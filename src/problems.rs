//! The catalogue of problem types, served at `/problems/{type}`.

use actix_web::{
    get,
    http::StatusCode,
    web::{Json, Path},
};
use serde::Serialize;
use strum::{AsRefStr, EnumIter, IntoEnumIterator};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::error::{Error, Result, Say};

/// A type of problem. Its name in kebab case is its address, in snake case its code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, AsRefStr, EnumIter)]
#[strum(serialize_all = "kebab-case")]
pub enum ProblemType {
    /// Not JSON, not UTF-8, or cut off.
    MalformedBody,
    /// A field that the body does not have.
    UnknownField,
    /// A query parameter that the operation does not have, or one with a wrong value.
    InvalidParameter,
    /// A cursor that was not made for this list, sort and filter.
    InvalidCursor,
    /// A header with a wrong value.
    InvalidHeader,
    /// A sign-in request that RFC 6749 calls `invalid_request`.
    InvalidRequest,
    /// Wrong name or password, or a refresh token that is spent, expired or unknown.
    InvalidGrant,
    /// A grant type that is not offered.
    UnsupportedGrantType,
    /// No valid access token.
    Unauthorized,
    /// Seen but not allowed.
    Forbidden,
    /// More than the caller's limit allows.
    LimitExceeded,
    /// Absent or out of reach.
    NotFound,
    /// A method that this path does not have.
    MethodNotAllowed,
    /// No representation that the caller accepts.
    NotAcceptable,
    /// The body did not come in time.
    RequestTimeout,
    /// The state forbids the transition.
    InvalidState,
    /// A uniqueness rule is broken.
    Conflict,
    /// A request with this idempotency key is still running.
    IdempotencyInProgress,
    /// This idempotency key was used with another request.
    IdempotencyMismatch,
    /// The resource has changed since it was read.
    PreconditionFailed,
    /// `If-Match` is missing.
    PreconditionRequired,
    /// The body is over the limit.
    BodyTooLarge,
    /// The address is over the limit.
    UriTooLong,
    /// A media type that the operation does not take.
    UnsupportedMediaType,
    /// Values or rules are broken.
    ValidationFailed,
    /// Too many requests or attempts.
    TooManyRequests,
    /// The headers are over the limit.
    HeadersTooLarge,
    /// In the way of another change.
    Busy,
    /// Something failed inside.
    Internal,
    /// The service cannot answer now.
    Unavailable,
    /// The answer was not ready in time.
    DeadlineExceeded,
}

impl ProblemType {
    /// Where the type is described, relative to the server.
    pub fn uri(self) -> String {
        format!("/problems/{}", self.as_ref())
    }

    /// The stable code.
    pub fn code(self) -> String {
        self.as_ref().replace('-', "_")
    }

    /// The HTTP status that answers with this type carry.
    pub fn status(self) -> StatusCode {
        match self {
            Self::MalformedBody
            | Self::UnknownField
            | Self::InvalidParameter
            | Self::InvalidCursor
            | Self::InvalidHeader
            | Self::InvalidRequest
            | Self::InvalidGrant
            | Self::UnsupportedGrantType => StatusCode::BAD_REQUEST,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::Forbidden | Self::LimitExceeded => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotAcceptable => StatusCode::NOT_ACCEPTABLE,
            Self::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::InvalidState | Self::Conflict | Self::IdempotencyInProgress | Self::Busy => StatusCode::CONFLICT,
            Self::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
            Self::PreconditionRequired => StatusCode::PRECONDITION_REQUIRED,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UriTooLong => StatusCode::URI_TOO_LONG,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::IdempotencyMismatch | Self::ValidationFailed => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
            Self::HeadersTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable | Self::DeadlineExceeded => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The name of the type, for people.
    pub fn title(self) -> Say {
        match self {
            Self::MalformedBody => Say::new("Malformed body", "Тело запроса не разобрано"),
            Self::UnknownField => Say::new("Unknown field", "Неизвестное поле"),
            Self::InvalidParameter => Say::new("Invalid parameter", "Недопустимый параметр"),
            Self::InvalidCursor => Say::new("Invalid cursor", "Недопустимый курсор"),
            Self::InvalidHeader => Say::new("Invalid header", "Недопустимый заголовок"),
            Self::InvalidRequest => Say::new("Invalid sign-in request", "Недопустимый запрос входа"),
            Self::InvalidGrant => Say::new("Sign-in refused", "Вход отклонён"),
            Self::UnsupportedGrantType => Say::new("Unsupported grant type", "Способ входа не поддерживается"),
            Self::Unauthorized => Say::new("Not signed in", "Вход не выполнен"),
            Self::Forbidden => Say::new("Not allowed", "Недостаточно прав"),
            Self::LimitExceeded => Say::new("Over your limit", "Превышен ваш лимит"),
            Self::NotFound => Say::new("Not found", "Не найдено"),
            Self::MethodNotAllowed => Say::new("Method not allowed", "Метод не поддерживается"),
            Self::NotAcceptable => Say::new("Not acceptable", "Формат ответа недоступен"),
            Self::RequestTimeout => Say::new("Request too slow", "Запрос передан слишком медленно"),
            Self::InvalidState => Say::new("Not possible in this state", "Невозможно в этом состоянии"),
            Self::Conflict => Say::new("Conflict", "Конфликт"),
            Self::IdempotencyInProgress => Say::new("Request in progress", "Запрос ещё выполняется"),
            Self::IdempotencyMismatch => {
                Say::new("Idempotency key reused", "Ключ идемпотентности использован повторно")
            }
            Self::PreconditionFailed => Say::new("Changed meanwhile", "Ресурс уже изменён"),
            Self::PreconditionRequired => Say::new("If-Match is required", "Нужен заголовок If-Match"),
            Self::BodyTooLarge => Say::new("Body too large", "Тело запроса слишком велико"),
            Self::UriTooLong => Say::new("Address too long", "Адрес слишком длинный"),
            Self::UnsupportedMediaType => Say::new("Unsupported media type", "Тип содержимого не поддерживается"),
            Self::ValidationFailed => Say::new("Validation failed", "Проверка не пройдена"),
            Self::TooManyRequests => Say::new("Too many requests", "Слишком много запросов"),
            Self::HeadersTooLarge => Say::new("Headers too large", "Заголовки слишком велики"),
            Self::Busy => Say::new("Busy", "Занято"),
            Self::Internal => Say::new("Internal error", "Внутренняя ошибка"),
            Self::Unavailable => Say::new("Unavailable", "Сервис недоступен"),
            Self::DeadlineExceeded => Say::new("Took too long", "Слишком долго"),
        }
    }

    /// What the type means and what to do about it.
    #[expect(clippy::too_many_lines, reason = "one text for each type")]
    pub fn about(self) -> Say {
        match self {
            Self::MalformedBody => Say::new(
                "The body is not valid JSON in UTF-8. Nothing was changed.",
                "Тело запроса не является корректным JSON в UTF-8. Ничего не изменено.",
            ),
            Self::UnknownField => Say::new(
                "The body has a field that this operation does not know, or one twice. Nothing is silently dropped.",
                "В теле есть поле, неизвестное этой операции, или поле указано дважды. Ничего не отбрасывается молча.",
            ),
            Self::InvalidParameter => Say::new(
                "A query parameter is unknown or its value is not valid.",
                "Параметр запроса неизвестен или его значение недопустимо.",
            ),
            Self::InvalidCursor => Say::new(
                "The cursor was made for another list, sort, filter or caller. Begin again without it.",
                "Курсор создан для другого списка, сортировки, фильтра или пользователя. Начните без него.",
            ),
            Self::InvalidHeader => {
                Say::new("A header has a value that is not valid.", "Значение заголовка недопустимо.")
            }
            Self::InvalidRequest => Say::new(
                "The sign-in form lacks a field, has an unknown one or is not form-encoded.",
                "В форме входа не хватает поля, есть лишнее поле или она не form-encoded.",
            ),
            Self::InvalidGrant => Say::new(
                "The name, password or refresh token is not valid.",
                "Имя, пароль или токен обновления недействительны.",
            ),
            Self::UnsupportedGrantType => {
                Say::new("Use password or refresh_token.", "Используйте password или refresh_token.")
            }
            Self::Unauthorized => Say::new(
                "A valid access token is needed: sign in at /v1/auth/token.",
                "Нужен действующий токен доступа: войдите через /v1/auth/token.",
            ),
            Self::Forbidden => Say::new(
                "Your role does not allow this. `permission` names what was missing.",
                "Ваша роль этого не разрешает. `permission` называет недостающее право.",
            ),
            Self::LimitExceeded => Say::new(
                "Your role allows this only up to a limit. `limit` names it.",
                "Ваша роль разрешает это только в пределах лимита. `limit` называет его.",
            ),
            Self::NotFound => {
                Say::new("There is no such resource within your reach.", "Такого ресурса нет или он вам недоступен.")
            }
            Self::MethodNotAllowed => Say::new(
                "This address does not take this method; `Allow` lists those that it takes.",
                "Этот адрес не принимает такой метод; `Allow` перечисляет допустимые.",
            ),
            Self::NotAcceptable => Say::new("Answers are application/json.", "Ответы имеют тип application/json."),
            Self::RequestTimeout => Say::new(
                "The body did not come in time. Nothing was changed.",
                "Тело запроса не пришло вовремя. Ничего не изменено.",
            ),
            Self::InvalidState => Say::new(
                "The state of the resource forbids this transition.",
                "Состояние ресурса не допускает этот переход.",
            ),
            Self::Conflict => Say::new("Another resource stands in the way.", "Этому мешает другой ресурс."),
            Self::IdempotencyInProgress => Say::new(
                "A request with this idempotency key is still running. Ask again shortly.",
                "Запрос с этим ключом идемпотентности ещё выполняется. Повторите немного позже.",
            ),
            Self::IdempotencyMismatch => Say::new(
                "This idempotency key was used with another request. Use a new one.",
                "Этот ключ идемпотентности уже использован с другим запросом. Возьмите новый.",
            ),
            Self::PreconditionFailed => Say::new(
                "The resource has changed since you read it. Read it again, then repeat the change.",
                "Ресурс изменился после того, как вы его прочитали. Прочитайте его снова и повторите изменение.",
            ),
            Self::PreconditionRequired => {
                Say::new("Send If-Match with the ETag that you read.", "Передайте If-Match с прочитанным ETag.")
            }
            Self::BodyTooLarge => Say::new("A body may have at most 1 MiB.", "Тело запроса не больше 1 МиБ."),
            Self::UriTooLong => Say::new(
                "An address with its query may have at most 8 KiB.",
                "Адрес вместе с параметрами не больше 8 КиБ.",
            ),
            Self::UnsupportedMediaType => Say::new(
                "The body's Content-Type is not one that this operation takes.",
                "Content-Type тела не подходит для этой операции.",
            ),
            Self::ValidationFailed => Say::new(
                "Some values are not valid. `errors` names each of them. Nothing was changed.",
                "Некоторые значения недопустимы. `errors` называет каждое. Ничего не изменено.",
            ),
            Self::TooManyRequests => Say::new(
                "Too many requests or attempts: `RateLimit` tells which limit was hit. Wait for `Retry-After` seconds.",
                "Слишком много запросов или попыток: `RateLimit` называет предел. Подождите `Retry-After` секунд.",
            ),
            Self::HeadersTooLarge => Say::new(
                "A request may have at most 64 headers, 32 KiB together.",
                "У запроса не больше 64 заголовков, вместе 32 КиБ.",
            ),
            Self::Busy => Say::new(
                "Another change was in the way. Repeat the request.",
                "Помешало другое изменение. Повторите запрос.",
            ),
            Self::Internal => Say::new(
                "Something failed inside. The request id finds it in the log.",
                "Внутренний сбой. По номеру запроса его найдут в журнале.",
            ),
            Self::Unavailable => Say::new(
                "The service cannot answer right now. Nothing was changed. Try again after `Retry-After` seconds.",
                "Сервис сейчас не может ответить. Ничего не изменено. Повторите через `Retry-After` секунд.",
            ),
            Self::DeadlineExceeded => Say::new(
                "The answer was not ready in time. A change may have been made nevertheless: repeat it with the same \
                 `Idempotency-Key`, after `Retry-After` seconds.",
                "Ответ не был готов вовремя. Изменение могло всё же состояться: повторите его с тем же \
                 `Idempotency-Key` через `Retry-After` секунд.",
            ),
        }
    }
}

/// The description of a problem type.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"type": "/problems/not-found", "code": "not_found", "status": 404, "title": "Not found",
    "title_ru": "Не найдено", "about": "There is no such resource within your reach.",
    "about_ru": "Такого ресурса нет или он вам недоступен."}))]
pub struct ProblemTypeDocument {
    /// The address of this description, as in the `type` of a problem.
    pub r#type: String,
    /// The stable code.
    pub code: String,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    pub status: u16,
    /// Its name in English.
    pub title: String,
    /// Its name in Russian.
    pub title_ru: String,
    /// What it means and what to do, in English.
    pub about: String,
    /// What it means and what to do, in Russian.
    pub about_ru: String,
}

impl From<ProblemType> for ProblemTypeDocument {
    fn from(problem: ProblemType) -> Self {
        use crate::error::Language::{En, Ru};
        Self {
            r#type: problem.uri(),
            code: problem.code(),
            status: problem.status().as_u16(),
            title: problem.title().text(En).to_owned(),
            title_ru: problem.title().text(Ru).to_owned(),
            about: problem.about().text(En).to_owned(),
            about_ru: problem.about().text(Ru).to_owned(),
        }
    }
}

/// The operations on problem types.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(get_problem_type);
}

/// Describe a problem type
///
/// What a problem document's `type` leads to.
#[utoipa::path(
    tag = "service",
    params(("type" = String, Path, description = "The last part of a problem's `type`.", max_length = 100, example = "not-found")),
    responses((status = 200, description = "The description of the problem type.", body = ProblemTypeDocument)),
    security(())
)]
#[get("/problems/{type}")]
async fn get_problem_type(name: Path<String>) -> Result<Json<ProblemTypeDocument>> {
    ProblemType::iter()
        .find(|problem| problem.as_ref() == name.as_str())
        .map(|problem| Json(problem.into()))
        .ok_or_else(Error::not_found)
}
