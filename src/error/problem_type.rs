//! The catalogue of problem types, served at `/problems/{type}`.

use actix_web::http::StatusCode;
use strum::{AsRefStr, EnumIter};

use crate::values::Say;

/// Makes the catalogue from a table. Each row has a doc comment, the name of a type, its HTTP status, its title in
/// English and in Russian, and, in both languages, what it means and what to do about it.
macro_rules! problem_types {
    ($($(#[doc = $doc:literal])+ $name:ident: $status:ident, $title:literal / $title_ru:literal, $about:literal / $about_ru:literal;)+) => {
        /// A type of problem. Its name in kebab case is its address; its name in snake case is its code.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, AsRefStr, EnumIter)]
        #[strum(serialize_all = "kebab-case")]
        pub enum ProblemType {
            $($(#[doc = $doc])+ $name,)+
        }

        impl ProblemType {
            /// The HTTP status that answers with this type carry.
            pub fn status(self) -> StatusCode {
                match self {
                    $(Self::$name => StatusCode::$status,)+
                }
            }

            /// The name of the type, for people.
            pub fn title(self) -> Say {
                match self {
                    $(Self::$name => Say::new($title, $title_ru),)+
                }
            }

            /// What the type means and what to do about it.
            pub fn about(self) -> Say {
                match self {
                    $(Self::$name => Say::new($about, $about_ru),)+
                }
            }
        }
    };
}

problem_types! {
    /// Not JSON, not UTF-8, or cut off.
    MalformedBody: BAD_REQUEST,
        "Malformed body" / "Тело запроса не разобрано",
        "The body is not valid JSON in UTF-8. Nothing was changed." /
        "Тело запроса не является корректным JSON в UTF-8. Ничего не изменено.";
    /// A field that the body does not have.
    UnknownField: BAD_REQUEST,
        "Unknown field" / "Неизвестное поле",
        "The body has a field that this operation does not know, or one twice. Nothing is silently dropped." /
        "В теле есть поле, неизвестное этой операции, или поле указано дважды. Ничего не отбрасывается молча.";
    /// A query parameter that the operation does not have, or one with a wrong value.
    InvalidParameter: BAD_REQUEST,
        "Invalid parameter" / "Недопустимый параметр",
        "A query parameter is unknown or its value is not valid." /
        "Параметр запроса неизвестен или его значение недопустимо.";
    /// A cursor that was not made for this list, sort and filter.
    InvalidCursor: BAD_REQUEST,
        "Invalid cursor" / "Недопустимый курсор",
        "The cursor was made for another list, sort, filter or caller. Begin again without it." /
        "Курсор создан для другого списка, сортировки, фильтра или пользователя. Начните без него.";
    /// A header with a wrong value.
    InvalidHeader: BAD_REQUEST,
        "Invalid header" / "Недопустимый заголовок",
        "A header has a value that is not valid." /
        "Значение заголовка недопустимо.";
    /// A sign-in request that RFC 6749 calls `invalid_request`.
    InvalidRequest: BAD_REQUEST,
        "Invalid sign-in request" / "Недопустимый запрос входа",
        "The sign-in form lacks a field, has an unknown one or is not form-encoded." /
        "В форме входа не хватает поля, есть лишнее поле или её тип не `application/x-www-form-urlencoded`.";
    /// Wrong name or password, or a refresh token that is spent, expired or unknown.
    InvalidGrant: BAD_REQUEST,
        "Sign-in refused" / "Вход отклонён",
        "The name, password or refresh token is not valid." /
        "Имя, пароль или токен обновления недействительны.";
    /// A scope of a sign-in request that is unknown or more than the key has.
    InvalidScope: BAD_REQUEST,
        "Invalid scope" / "Недопустимая область прав",
        "A scope is unknown, or more than the key has." /
        "Область прав неизвестна или шире, чем у ключа.";
    /// The password is right, but the user has a second factor.
    SecondFactorRequired: BAD_REQUEST,
        "Second factor required" / "Нужен второй фактор",
        "The password is right. Send it again together with `otp`, a code of your second factor." /
        "Пароль верен. Отправьте его ещё раз вместе с `otp` — кодом второго фактора.";
    /// A grant type that is not offered.
    UnsupportedGrantType: BAD_REQUEST,
        "Unsupported grant type" / "Способ входа не поддерживается",
        "Use password, refresh_token or client_credentials." /
        "Используйте `password`, `refresh_token` или `client_credentials`.";
    /// A program that asks for a token with a wrong id or key.
    InvalidClient: UNAUTHORIZED,
        "Client refused" / "Клиент отклонён",
        "The client id or its key is not valid, or not from here." /
        "Идентификатор клиента или его ключ недействительны либо не отсюда.";
    /// No valid access token.
    Unauthorized: UNAUTHORIZED,
        "Not signed in" / "Вход не выполнен",
        "A valid access token is needed: sign in at /v1/auth/token." /
        "Нужен действующий токен доступа: войдите через `/v1/auth/token`.";
    /// The caller's proof of who they are is too old for this (RFC 9470).
    InsufficientUserAuthentication: UNAUTHORIZED,
        "Confirm that it is still you" / "Подтвердите, что это всё ещё вы",
        "You proved who you are longer ago than `max_age` seconds. Send your password to POST /v1/auth/confirm, then \
                 repeat this request." /
        "Вы подтверждали свою личность раньше, чем `max_age` секунд назад. Отправьте пароль в `POST /v1/auth/confirm` и \
                 повторите этот запрос.";
    /// The caller may see the resource but not do this.
    Forbidden: FORBIDDEN,
        "Not allowed" / "Недостаточно прав",
        "Your role does not allow this. `permission` names what was missing." /
        "Ваша роль этого не разрешает. `permission` называет недостающее право.";
    /// The caller's password was generated by someone else.
    PasswordChangeRequired: FORBIDDEN,
        "Change your password first" / "Сначала смените пароль",
        "Your password was generated for you. Choose your own at PUT /v1/me/password, then everything is open to you." /
        "Ваш пароль был сгенерирован. Задайте собственный через `PUT /v1/me/password` — после этого доступно всё.";
    /// The caller's role needs a second factor, and the caller has none.
    SecondFactorEnrolmentRequired: FORBIDDEN,
        "Set up a second factor first" / "Сначала настройте второй фактор",
        "Your role needs a second factor. Set it up at POST /v1/me/second-factor, then everything is open to you." /
        "Ваша роль требует второго фактора. Настройте его через `POST /v1/me/second-factor` — после этого доступно всё.";
    /// A second supervisor has to agree first.
    ConsentRequired: FORBIDDEN,
        "A second supervisor has to agree" / "Нужно согласие второго руководителя",
        "Ask another supervisor to call POST /v1/users/{id}/consent, then repeat this within 24 hours. Where there is no other, \
                 the operator of the server runs `liaison user reset-password`." /
        "Попросите другого руководителя вызвать `POST /v1/users/{id}/consent` и повторите это в течение 24 часов. Если другого нет, \
                 оператор сервера выполняет `liaison user reset-password`.";
    /// More than the caller's limit allows.
    LimitExceeded: FORBIDDEN,
        "Over your limit" / "Превышен ваш лимит",
        "Your role allows this only up to a limit. `limit` names it." /
        "Ваша роль разрешает это только в пределах лимита. `limit` называет его.";
    /// Absent or out of reach.
    NotFound: NOT_FOUND,
        "Not found" / "Не найдено",
        "There is no such resource within your reach." /
        "Такого ресурса нет или он вам недоступен.";
    /// The personal data of the resource was erased.
    Erased: GONE,
        "Erased" / "Данные стёрты",
        "The personal data of this resource was erased, at `erased_at`. Figures and contracts are kept." /
        "Персональные данные этого ресурса стёрты, время — в `erased_at`. Цифры и договоры сохранены.";
    /// The client was merged into another one.
    Merged: GONE,
        "Merged" / "Объединён с другим клиентом",
        "This client was one with another one, and was merged into it: `merged_into` is its id." /
        "Этот клиент объединён с другим: `merged_into` — его идентификатор.";
    /// A method that this path does not have.
    MethodNotAllowed: METHOD_NOT_ALLOWED,
        "Method not allowed" / "Метод не поддерживается",
        "This address does not take this method; `Allow` lists those that it takes." /
        "Этот адрес не принимает такой метод; `Allow` перечисляет допустимые.";
    /// No representation that the caller accepts.
    NotAcceptable: NOT_ACCEPTABLE,
        "Not acceptable" / "Формат ответа недоступен",
        "Answers are application/json." /
        "Ответы имеют тип `application/json`.";
    /// The body did not come in time.
    RequestTimeout: REQUEST_TIMEOUT,
        "Request too slow" / "Запрос передан слишком медленно",
        "The body did not come in time. Nothing was changed." /
        "Тело запроса не пришло вовремя. Ничего не изменено.";
    /// The state forbids the transition.
    InvalidState: CONFLICT,
        "Not possible in this state" / "Невозможно в этом состоянии",
        "The state of the resource forbids this transition." /
        "Состояние ресурса не допускает этот переход.";
    /// A value that must be the only one is taken.
    AlreadyExists: CONFLICT,
        "Already exists" / "Уже существует",
        "Another resource has this value. `errors` names the field, and `holder_id` the resource where you may see it." /
        "Это значение уже занято. `errors` называет поле, а `holder_id` — ресурс, если он вам доступен.";
    /// A client that is entered already.
    DuplicateClient: CONFLICT,
        "Duplicate client" / "Клиент уже есть",
        "The client is entered already. `duplicates` says what matches and, as far as you may know, whose it is. Ask for access to \
                 it, or, where `may_be_allowed` says so, repeat the request with `allow_duplicate`." /
        "Такой клиент уже есть. `duplicates` называет совпадения и, насколько вам это доступно, владельца. Запросите доступ \
                 или, если разрешает `may_be_allowed`, повторите запрос с `allow_duplicate`.";
    /// Something else is in the way.
    Conflict: CONFLICT,
        "Conflict" / "Конфликт",
        "Another resource stands in the way." /
        "Этому мешает другой ресурс.";
    /// The person withdrew the consent to be approached.
    ConsentWithdrawn: CONFLICT,
        "Consent withdrawn" / "Согласие отозвано",
        "The person withdrew the consent to be approached by these means, and no contract asks for it. `consent` is the one that \
                 was withdrawn. A consent that is given anew lets it pass." /
        "Человек отозвал согласие на обращения таким способом, а договор их не требует. `consent` — отозванное согласие. \
                 Новое согласие снимает запрет.";
    /// A request with this idempotency key is still running.
    IdempotencyInProgress: CONFLICT,
        "Request in progress" / "Запрос ещё выполняется",
        "A request with this idempotency key is still running. Ask again shortly." /
        "Запрос с этим ключом идемпотентности ещё выполняется. Повторите немного позже.";
    /// This idempotency key was used with another request.
    IdempotencyMismatch: UNPROCESSABLE_ENTITY,
        "Idempotency key reused" / "Ключ идемпотентности использован повторно",
        "This idempotency key was used with another request. Use a new one." /
        "Этот ключ идемпотентности уже использован с другим запросом. Возьмите новый.";
    /// The request was carried out before, but its answer may show what the caller may no longer see.
    AnswerWithheld: CONFLICT,
        "Already done" / "Уже выполнено",
        "The request with this idempotency key was carried out, once. Your rights have changed since, so its answer is \
                 not repeated. `location` is where to read what it made." /
        "Запрос с этим ключом идемпотентности был выполнен, один раз. С тех пор ваши права изменились, поэтому ответ не \
                 повторяется. `location` — адрес того, что было создано.";
    /// The resource has changed since it was read.
    PreconditionFailed: PRECONDITION_FAILED,
        "Changed meanwhile" / "Ресурс уже изменён",
        "The resource has changed since you read it. Read it again, then repeat the change." /
        "Ресурс изменился после того, как вы его прочитали. Прочитайте его снова и повторите изменение.";
    /// `If-Match` is missing.
    PreconditionRequired: PRECONDITION_REQUIRED,
        "If-Match is required" / "Нужен заголовок `If-Match`",
        "Send If-Match with the ETag that you read." /
        "Передайте `If-Match` с прочитанным `ETag`.";
    /// The body is over the limit.
    BodyTooLarge: PAYLOAD_TOO_LARGE,
        "Body too large" / "Тело запроса слишком велико",
        "A body may have at most 1 MiB, and a file to import 50 MiB." /
        "Тело запроса не больше 1 МиБ, а файл для импорта — 50 МиБ.";
    /// The address is over the limit.
    UriTooLong: URI_TOO_LONG,
        "Address too long" / "Адрес слишком длинный",
        "An address with its query may have at most 16 KiB." /
        "Адрес вместе с параметрами не больше 16 КиБ.";
    /// A media type that the operation does not take.
    UnsupportedMediaType: UNSUPPORTED_MEDIA_TYPE,
        "Unsupported media type" / "Тип содержимого не поддерживается",
        "The body's Content-Type is not one that this operation takes." /
        "`Content-Type` тела не подходит для этой операции.";
    /// Values are invalid or break a rule.
    ValidationFailed: UNPROCESSABLE_ENTITY,
        "Validation failed" / "Проверка не пройдена",
        "Some values are not valid. `errors` names each of them. Nothing was changed." /
        "Некоторые значения недопустимы. `errors` называет каждое. Ничего не изменено.";
    /// Too many requests or attempts.
    TooManyRequests: TOO_MANY_REQUESTS,
        "Too many requests" / "Слишком много запросов",
        "Too many requests or attempts: `RateLimit` tells which limit was hit. Wait for `Retry-After` seconds." /
        "Слишком много запросов или попыток: `RateLimit` называет предел. Подождите `Retry-After` секунд.";
    /// The headers are over the limit.
    HeadersTooLarge: REQUEST_HEADER_FIELDS_TOO_LARGE,
        "Headers too large" / "Заголовки слишком велики",
        "A request may have at most 64 headers, 32 KiB together." /
        "У запроса не больше 64 заголовков, вместе 32 КиБ.";
    /// Another change was in the way.
    Busy: CONFLICT,
        "Busy" / "Занято",
        "Another change was in the way. Repeat the request." /
        "Помешало другое изменение. Повторите запрос.";
    /// The caller's rights changed while the request was on its way.
    RightsChanged: CONFLICT,
        "Rights changed" / "Права изменились",
        "Your rights changed while the request was on its way. Nothing was changed. Repeat the request." /
        "Пока запрос был в пути, ваши права изменились. Ничего не изменено. Повторите запрос.";
    /// Something failed inside.
    Internal: INTERNAL_SERVER_ERROR,
        "Internal error" / "Внутренняя ошибка",
        "Something failed inside. The request id finds it in the log." /
        "Внутренний сбой. По номеру запроса его найдут в журнале.";
    /// The service cannot answer now.
    Unavailable: SERVICE_UNAVAILABLE,
        "Unavailable" / "Сервис недоступен",
        "The service cannot answer right now. Nothing was changed. Try again after `Retry-After` seconds." /
        "Сервис сейчас не может ответить. Ничего не изменено. Повторите через `Retry-After` секунд.";
    /// There are more requests than the service can handle.
    Overloaded: SERVICE_UNAVAILABLE,
        "Overloaded" / "Сервис перегружен",
        "More is asked for than the service can do now. The request was not begun. Repeat it after `Retry-After` seconds, later each time." /
        "Запросов больше, чем сервис сейчас выполнит. Запрос не начат. Повторите через `Retry-After` секунд, каждый раз позже.";
    /// The server is not ready to serve; `reasons` says why.
    NotReady: SERVICE_UNAVAILABLE,
        "Not ready" / "Сервер не готов",
        "This server is not ready to serve; `reasons` says why. Ask another one, or again after `Retry-After` seconds." /
        "Этот сервер не готов к работе; причины названы в `reasons`. Обратитесь к другому или повторите через `Retry-After` секунд.";
    /// The answer was not ready in time.
    DeadlineExceeded: SERVICE_UNAVAILABLE,
        "Took too long" / "Слишком долго",
        "The answer was not ready in time. A change may have been made nevertheless: repeat it with the same \
                 `Idempotency-Key`, after `Retry-After` seconds." /
        "Ответ не был готов вовремя. Изменение могло всё же состояться: повторите его с тем же \
                 `Idempotency-Key` через `Retry-After` секунд.";
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
}
