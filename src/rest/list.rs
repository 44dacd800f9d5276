//! Lists: typed filters, sort, keyset cursors, sparse fields, and the page that answers.

use std::{fmt, future::Ready, future::ready, str::FromStr};

use actix_web::{FromRequest, HttpRequest, HttpResponse, Responder, body::BoxBody, dev::Payload, http::header};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use strum::VariantNames;
use utoipa::{
    IntoParams, PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type},
};
use uuid::Uuid;

use crate::{
    access::caller::Caller,
    app::State,
    db::Cost,
    error::{Error, FieldError, ProblemType, Result},
    rest::{
        fields::Fields,
        invalid::Invalid,
        keyset::{After, KeyValue, Order},
        search,
    },
};

/// Most rows of one page.
pub const MAX_LIMIT: u16 = 200;

/// The parameters that every list has.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageParams {
    /// Most items of this page.
    #[serde(default = "default_limit")]
    #[param(minimum = 1, maximum = 200, default = 50, example = 50)]
    pub limit: u16,
    /// Where the page begins: the `next_cursor` of the page before. Bound to the sort, the filters and the caller.
    #[serde(default)]
    #[param(max_length = 2000)]
    pub cursor: Option<String>,
    /// Also count all matching items.
    #[serde(default)]
    #[param(default = false)]
    pub total: bool,
    /// Only these fields of each item, separated by commas, such as `id,version`; the others are absent then.
    #[serde(default)]
    #[param(max_length = 1000)]
    pub fields: Option<String>,
}

/// The parameters of an operation that answers one resource.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OneParams {
    /// Only these fields, separated by commas, such as `id,version`; the others are absent then.
    #[serde(default)]
    #[param(max_length = 1000)]
    pub fields: Option<String>,
}

impl OneParams {
    /// The fields asked for.
    ///
    /// # Errors
    /// As [`Fields::parse`].
    pub fn fields(&self) -> Result<Fields> {
        Fields::parse(self.fields.as_deref())
    }
}

fn default_limit() -> u16 {
    50
}

const PAGE_PARAMS: [&str; 4] = ["limit", "cursor", "total", "fields"];

/// The query of a list operation: the page and the slice's own filter.
#[derive(Debug)]
pub struct ListQuery<F> {
    /// The slice's filters, sort and includes.
    pub filter: F,
    /// Rows wanted, 1 to 200.
    pub limit: u16,
    /// Where to begin.
    pub after: Option<After>,
    /// Whether to count.
    pub total: bool,
    /// What to answer of each item.
    pub fields: Fields,
    /// What the list costs.
    pub cost: Cost,
    seal: CursorSeal,
}

/// Binds a cursor to one list, sort, filter and caller.
#[derive(Clone)]
struct CursorSeal {
    state: actix_web::web::Data<State>,
    context: String,
    path: String,
    pairs: Vec<(String, String)>,
}

impl fmt::Debug for CursorSeal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CursorSeal")
    }
}

impl CursorSeal {
    fn seal(&self, after: &After) -> Result<String> {
        let payload = serde_json::to_string(after).map_err(Error::internal)?;
        Ok(self.state.secrets.sign_cursor(&self.context, &payload))
    }

    fn open(&self, cursor: &str) -> Result<After> {
        let payload = self.state.secrets.open_cursor(&self.context, cursor);
        payload
            .and_then(|payload| serde_json::from_str(&payload).ok())
            .ok_or_else(|| Error::new(ProblemType::InvalidCursor))
    }

    /// The address of the next page.
    fn link(&self, cursor: &str) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(self.pairs.iter().filter(|(name, _)| name != "cursor"));
        query.append_pair("cursor", cursor);
        format!("<{}?{}>; rel=\"next\"", self.path, query.finish())
    }
}

impl<F: DeserializeOwned + 'static> FromRequest for ListQuery<F> {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::read(request))
    }
}

impl<F: DeserializeOwned> ListQuery<F> {
    fn read(request: &HttpRequest) -> Result<Self> {
        let state = State::of(request)?;
        let caller = Caller::of(request)?;
        let pairs = pairs(request);
        let (page, filter): (Vec<_>, Vec<_>) =
            pairs.iter().cloned().partition(|(name, _)| PAGE_PARAMS.contains(&name.as_str()));

        let page: PageParams = parse(&page)?;
        if !(1..=MAX_LIMIT).contains(&page.limit) {
            return Err(invalid_parameter("limit", Invalid::TooLarge(MAX_LIMIT.to_string())));
        }
        let cost = cost(&page, &filter);
        let seal = CursorSeal {
            context: context(request.path(), caller.user_id.uuid(), &filter),
            path: request.path().to_owned(),
            pairs,
            state,
        };
        Ok(Self {
            after: page.cursor.map(|cursor| seal.open(&cursor)).transpose()?,
            filter: parse(&filter)?,
            limit: page.limit,
            total: page.total,
            fields: Fields::parse(page.fields.as_deref())?,
            cost,
            seal,
        })
    }
}

/// A page of a list as it is comes off its index. What filters, searches or counts may have to look at many rows for few.
fn cost(page: &PageParams, filter: &[(String, String)]) -> Cost {
    let as_it_is = !page.total && filter.iter().all(|(name, _)| matches!(name.as_str(), "include" | "sort"));
    if as_it_is { Cost::Small } else { Cost::Large }
}

/// What a cursor is bound to. `include` may change from page to page: it does not move rows.
fn context(path: &str, caller: Uuid, filter: &[(String, String)]) -> String {
    let mut bound: Vec<_> = filter.iter().filter(|(name, _)| name != "include").collect();
    bound.sort();
    format!("{path}\n{caller}\n{bound:?}")
}

/// Reads a query string into `T`, refusing parameters that `T` does not have.
///
/// # Errors
/// 400 naming the parameter.
pub fn parse<T: DeserializeOwned>(pairs: &[(String, String)]) -> Result<T> {
    // serde_html_form would take an empty number or truth value for an absent one, and drop it silently.
    if let Some((name, _)) = pairs.iter().find(|(_, value)| value.is_empty()) {
        return Err(invalid_parameter(name, Invalid::TooShort(1)));
    }
    let text = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    let deserializer = serde_html_form::Deserializer::from_bytes(text.as_bytes());
    serde_path_to_error::deserialize(deserializer).map_err(|error| {
        let message = error.inner().to_string();
        let name = match error.path().iter().next() {
            Some(serde_path_to_error::Segment::Map { key }) => key.clone(),
            _ => message.split('`').nth(1).unwrap_or_default().to_owned(),
        };
        invalid_parameter(&name, Invalid::from_message(&message))
    })
}

/// The query of an operation that is not a list.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Query<T> {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(parse(&pairs(request)).map(Self))
    }
}

/// The query of an operation that takes none.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoParams {}

impl NoParams {
    /// Refuses every parameter, so that none is dropped silently.
    ///
    /// # Errors
    /// 400 naming the first.
    pub fn check(request: &HttpRequest) -> Result<()> {
        parse::<Self>(&pairs(request)).map(|Self {}| ())
    }
}

fn pairs(request: &HttpRequest) -> Vec<(String, String)> {
    url::form_urlencoded::parse(request.query_string().as_bytes()).into_owned().collect()
}

fn invalid_parameter(name: &str, invalid: Invalid) -> Error {
    Error::new(ProblemType::InvalidParameter).with_fields(vec![FieldError::new(name, invalid)])
}

/// What a list is sorted by: a word of `K`, with `-` before it for largest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sort<K> {
    /// The key.
    pub key: K,
    /// Largest first.
    pub descending: bool,
}

impl<'de, K: FromStr + VariantNames> Deserialize<'de> for Sort<K> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error as _;
        let text = String::deserialize(deserializer)?;
        let (descending, word) = match text.strip_prefix('-') {
            Some(word) => (true, word),
            None => (false, text.as_str()),
        };
        match K::from_str(word) {
            Ok(key) => Ok(Self { key, descending }),
            Err(_) => Err(D::Error::unknown_variant(word, K::VARIANTS)),
        }
    }
}

impl<K: VariantNames> PartialSchema for Sort<K> {
    fn schema() -> RefOr<Schema> {
        let both = K::VARIANTS.iter().flat_map(|word| [(*word).to_owned(), format!("-{word}")]);
        ObjectBuilder::new().schema_type(Type::String).enum_values(Some(both)).into()
    }
}
impl<K: VariantNames> ToSchema for Sort<K> {}

/// How a list with a search is ordered: as asked for, or else the best matches first, or else as by default.
#[derive(Clone, Debug)]
pub enum By<K> {
    /// By how well these words match.
    Rank(search::Words),
    /// By a key.
    Sort(Sort<K>),
}

impl<K: Copy> By<K> {
    /// What `sort` and `q` ask for.
    pub fn asked(sort: Option<Sort<K>>, q: Option<&search::Words>, default: Sort<K>) -> Self {
        match (sort, q) {
            (None, Some(words)) => Self::Rank(words.clone()),
            (sort, _) => Self::Sort(sort.unwrap_or(default)),
        }
    }

    /// The order of `table`, where `column` names the column of a key.
    pub fn order(&self, table: &'static str, column: impl FnOnce(K) -> &'static str) -> Order {
        match self {
            Self::Rank(words) => Order::rank(table, words.as_str()),
            Self::Sort(sort) => Order::column(table, column(sort.key), sort.descending),
        }
    }

    /// The key of a row, where `value` gives that of a column.
    pub fn key(&self, value: impl FnOnce(K) -> KeyValue) -> KeyValue {
        match self {
            Self::Rank(_) => KeyValue::Rank,
            Self::Sort(sort) => value(sort.key),
        }
    }
}

/// Words separated by commas, each from the enumeration `W`.
#[derive(Clone, Debug)]
pub struct Words<W>(Vec<W>);

impl<W> Default for Words<W> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<W: PartialEq> Words<W> {
    /// Whether nothing was asked for.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether `word` was asked for.
    #[expect(clippy::needless_pass_by_value, reason = "a word of a plain enumeration")]
    pub fn has(&self, word: W) -> bool {
        self.0.contains(&word)
    }
}

impl<'de, W: FromStr + VariantNames> Deserialize<'de> for Words<W> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error as _;
        let text = String::deserialize(deserializer)?;
        text.split(',')
            .map(|word| W::from_str(word).map_err(|_unknown| D::Error::unknown_variant(word, W::VARIANTS)))
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

impl<W: VariantNames> PartialSchema for Words<W> {
    fn schema() -> RefOr<Schema> {
        let words = W::VARIANTS.join("|");
        ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some(format!("^({words})(,({words}))*$")))
            .max_length(Some(200))
            .into()
    }
}
impl<W: VariantNames> ToSchema for Words<W> {}

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    /// The items, in the order asked for.
    pub data: Vec<T>,
    /// The cursor of the next page; `null` on the last one.
    pub next_cursor: Option<String>,
    /// How many items there are in all, when `total=true` asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0)]
    pub total: Option<i64>,
    #[serde(skip)]
    #[schema(ignore)]
    fields: Fields,
    #[serde(skip)]
    #[schema(ignore)]
    link: Option<String>,
}

impl<F> ListQuery<F> {
    /// Makes the page from `rows`, of which the one past the limit only tells that there is a next page.
    ///
    /// # Errors
    /// Only internal ones.
    pub fn page<T>(
        &self,
        mut rows: Vec<T>,
        total: Option<i64>,
        key: impl FnOnce(&T) -> (KeyValue, Uuid),
    ) -> Result<Page<T>> {
        let limit = usize::from(self.limit);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let last = rows.last().filter(|_| more);
        let next_cursor = last
            .map(|row| {
                let (key, id) = key(row);
                self.seal.seal(&After { key, id })
            })
            .transpose()?;
        let link = next_cursor.as_deref().map(|cursor| self.seal.link(cursor));
        Ok(Page { data: rows, next_cursor, total, fields: self.fields.clone(), link })
    }
}

impl<T> Page<T> {
    /// The same page with what `view` makes of each item.
    pub fn map<U>(self, view: impl FnMut(T) -> U) -> Page<U> {
        let Self { data, next_cursor, total, fields, link } = self;
        Page { data: data.into_iter().map(view).collect(), next_cursor, total, fields, link }
    }

    /// The same page with other items, one for each.
    pub fn with<U>(self, data: Vec<U>) -> Page<U> {
        let Self { next_cursor, total, fields, link, .. } = self;
        Page { data, next_cursor, total, fields, link }
    }
}

impl<T: Serialize + ToSchema> Responder for Page<T> {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        let body = match self.fields.select_page::<T>(&self) {
            Ok(body) => body,
            Err(error) => return HttpResponse::from_error(error),
        };
        let mut response = HttpResponse::Ok();
        if let Some(link) = &self.link {
            response.insert_header((header::LINK, link.as_str()));
        }
        let _ = request;
        response.content_type("application/json").body(body)
    }
}
