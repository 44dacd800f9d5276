//! The query of a list: typed filters, sort, cursor, and sparse fields.

use std::{
    fmt,
    future::{Ready, ready},
};

use actix_web::{FromRequest, HttpRequest, dev::Payload, web::Data};
use aws_lc_rs::digest;
use data_encoding::BASE64URL_NOPAD;
use diesel::QueryResult;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use utoipa::IntoParams;
use uuid::Uuid;

use crate::{
    access::Caller,
    db::Cost,
    error::{Error, ProblemType, Result},
    http::{Description, Fields, Takes, as_caller_writes, invalid_parameter, pairs, parse_query, part},
    list::{After, Spelling, search},
    secrets::Secrets,
    values::Invalid,
};

/// The most rows of one page.
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
    /// Only these fields of each item; the others are absent then. One parameter each, or all in one, separated by commas.
    #[serde(default)]
    #[param(inline, value_type = Option<Vec<String>>, max_items = 100)]
    pub fields: Option<String>,
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
    /// Which fields to answer of each item.
    pub fields: Fields,
    /// What the list costs the database.
    pub cost: Cost,
    /// What else the rows depend on: the digest of a body.
    pub(super) asked: Option<String>,
    pub(super) seal: CursorSeal,
}

/// Binds a cursor to one list, sort, filter and caller.
#[derive(Clone)]
pub(super) struct CursorSeal {
    secrets: Data<Secrets>,
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
    pub fn seal(&self, after: &After) -> Result<String> {
        let payload = serde_json::to_string(after).map_err(Error::internal)?;
        Ok(self.secrets.sign_cursor(&self.context, &payload))
    }

    fn open(&self, cursor: &str) -> Result<After> {
        let payload = self.secrets.open_cursor(&self.context, cursor);
        payload
            .and_then(|payload| serde_json::from_str(&payload).ok())
            .ok_or_else(|| Error::new(ProblemType::InvalidCursor))
    }

    /// The addresses of the next page, if there is one, and of the first one (RFC 8288).
    pub fn links(&self, next: Option<&str>) -> String {
        let first = self.link(None, "first");
        next.map_or_else(|| first.clone(), |cursor| format!("{}, {first}", self.link(Some(cursor), "next")))
    }

    fn link(&self, cursor: Option<&str>, relation: &str) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(self.pairs.iter().filter(|(name, _)| name != "cursor"));
        query.extend_pairs(cursor.map(|cursor| ("cursor", cursor)));
        let query = query.finish();
        let mark = if query.is_empty() { "" } else { "?" };
        format!("<{}{mark}{query}>; rel=\"{relation}\"", self.path)
    }
}

impl<F> ListQuery<F> {
    /// The same list, of only the rows that `body` asks for as well. A page goes on only with the same body.
    ///
    /// # Errors
    /// 400 for the cursor of a page that was asked for with another body.
    pub fn asked_with(self, body: &impl Serialize) -> Result<Self> {
        let written = serde_json::to_vec(body).map_err(Error::internal)?;
        let digest = digest::digest(&digest::SHA256, &written);
        let asked = Some(BASE64URL_NOPAD.encode(digest.as_ref()));
        if self.after.as_ref().is_some_and(|after| after.asked != asked) {
            return Err(Error::new(ProblemType::InvalidCursor));
        }
        Ok(Self { asked, cost: Cost::Large, ..self })
    }

    /// The rows that `load` finds for words as they are written or, when there are none, for nearly these words. A further
    /// page goes on as the first one began.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn spelled<R>(
        &self,
        words: Option<&search::Words>,
        load: impl AsyncFn(Spelling) -> QueryResult<Vec<R>>,
    ) -> Result<(Vec<R>, Spelling)> {
        let spelling = self.after.as_ref().map_or(Spelling::AsWritten, |after| after.spelling);
        let rows = load(spelling).await?;
        let is_over = self.after.is_some() || !rows.is_empty();
        if is_over || !words.is_some_and(search::Words::may_be_misspelt) {
            return Ok((rows, spelling));
        }
        Ok((load(Spelling::Nearly).await?, Spelling::Nearly))
    }
}

impl<F: DeserializeOwned + 'static> FromRequest for ListQuery<F> {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::read(request))
    }
}

impl<F: IntoParams> Takes for ListQuery<F> {
    fn describe(description: &mut Description) {
        description.query::<F>();
        description.query::<PageParams>();
        description.refuses(&[400]);
    }
}

impl<F: DeserializeOwned> ListQuery<F> {
    fn read(request: &HttpRequest) -> Result<Self> {
        let secrets = part(request)?;
        let caller = Caller::of(request)?;
        let pairs = pairs(request);
        let (page, filter): (Vec<_>, Vec<_>) =
            pairs.iter().cloned().partition(|(name, _)| PAGE_PARAMS.contains(&name.as_str()));

        let (page, filter_read) = both(read_page(&page), as_caller_writes(request, || parse_query(&filter)))?;
        let cost = cost(&page, &filter);
        let seal = CursorSeal {
            context: context(request.path(), caller.user_id.uuid(), &filter),
            path: request.path().to_owned(),
            pairs,
            secrets,
        };
        Ok(Self {
            after: page.cursor.map(|cursor| seal.open(&cursor)).transpose()?,
            filter: filter_read,
            limit: page.limit,
            total: page.total,
            fields: Fields::parse(page.fields.as_deref())?,
            cost,
            asked: None,
            seal,
        })
    }
}

fn read_page(pairs: &[(String, String)]) -> Result<PageParams> {
    let page: PageParams = parse_query(pairs)?;
    match page.limit {
        0 => Err(invalid_parameter("limit", Invalid::TooSmall("1".to_owned()))),
        limit if limit > MAX_LIMIT => Err(invalid_parameter("limit", Invalid::TooLarge(MAX_LIMIT.to_string()))),
        _ => Ok(page),
    }
}

/// Both values, or all wrong parameters of both.
pub(super) fn both<A, B>(first: Result<A>, second: Result<B>) -> Result<(A, B)> {
    match (first, second) {
        (Ok(first), Ok(second)) => Ok((first, second)),
        (first, second) => {
            let wrong = [first.err(), second.err()].into_iter().flatten().flat_map(Error::into_fields);
            Err(Error::new(ProblemType::InvalidParameter).with_fields(wrong.collect()))
        }
    }
}

/// A plain page of a list comes straight from an index. A list that filters, searches or counts may have to look at
/// many rows to find a few.
fn cost(page: &PageParams, filter: &[(String, String)]) -> Cost {
    let as_it_is = !page.total && filter.iter().all(|(name, _)| matches!(name.as_str(), "include" | "sort"));
    if as_it_is { Cost::Small } else { Cost::Large }
}

/// What a cursor is bound to. `include` may change from page to page, since it does not change the rows or their order.
fn context(path: &str, caller: Uuid, filter: &[(String, String)]) -> String {
    let mut bound: Vec<_> = filter.iter().filter(|(name, _)| name != "include").collect();
    bound.sort();
    format!("{path}\n{caller}\n{bound:?}")
}
