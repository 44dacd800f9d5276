//! The rows that a filter asks for.

use diesel::{
    BoolExpressionMethods, ExpressionMethods, PgArrayExpressionMethods, PgJsonbExpressionMethods, QueryDsl,
    QueryResult,
    dsl::sql,
    pg::Pg,
    sql_types::{Bool, Nullable, Text},
};
use diesel_async::AsyncPgConnection;
use serde_json::json;

use super::{
    conditions::{Condition, Where, conditions_of},
    filter::ClientFilter,
    finding::Finding,
    model::Client,
    moments::{LAST_INTERACTION, LAST_VERIFIED, NEXT_INTERACTION},
    status::ClientStatus,
};
use crate::{
    access::{Actor, Within},
    db::{Jsonb, wide::clients},
    error::Result,
    external_ids,
    list::{ByCustom, Spelling, search::Words},
};

/// The query for clients.
pub type Boxed = clients::BoxedQuery<'static, Pg>;

/// Which clients a list, its total or a summary has.
pub struct Wanted<'a> {
    filter: &'a ClientFilter,
    conditions: Vec<Where>,
    finding: Finding,
    /// What is asked for by custom fields.
    pub custom: ByCustom,
}

impl<'a> Wanted<'a> {
    /// The clients of `filter` for which `conditions` hold, as `actor` may ask for them.
    ///
    /// # Errors
    /// 403 for conditions on what the actor may not read, 400 for an unknown saved view.
    pub async fn by(
        db: &AsyncPgConnection,
        actor: &Actor,
        filter: &'a ClientFilter,
        conditions: Vec<Condition>,
    ) -> Result<Self> {
        let saved = match filter.view_id {
            Some(id) => conditions_of(db, actor, id).await?,
            None => Vec::new(),
        };
        let conditions = conditions.into_iter().chain(saved).map(|condition| Where::of(condition, actor));
        let custom = ByCustom::asked::<Client>(actor, &filter.custom_field, filter.custom_sort.as_ref())?;
        let conditions = conditions.collect::<Result<_>>()?;
        let finding = match filter.q {
            Some(_) => Finding::to(db, actor).await?,
            None => Finding::default(),
        };
        Ok(Self { filter, conditions, finding, custom })
    }

    /// The words of the filter as they are looked for in a spelling.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn spelled(&self, db: &AsyncPgConnection, spelling: Spelling) -> QueryResult<Spelled> {
        match &self.filter.q {
            Some(words) => Ok(Spelled { words: Some(self.finding.spelled(db, words, spelling).await?), spelling }),
            None => Ok(Spelled { words: None, spelling }),
        }
    }

    /// The query for these clients within reach.
    pub fn rows(&self, within: Within<Client>, spelled: &Spelled) -> Boxed {
        let mut query = filtered(within, self.filter);
        if let Some(words) = &spelled.words {
            query = self.finding.search(query, words, spelled.spelling);
        }
        let query = self.custom.narrow(query);
        self.conditions.iter().cloned().fold(query, Boxed::filter)
    }
}

/// Words as they are looked for.
#[derive(Clone, Debug)]
pub struct Spelled {
    words: Option<Words>,
    spelling: Spelling,
}

fn filtered(within: Within<Client>, filter: &ClientFilter) -> Boxed {
    let mut query = clients::table.filter(within).filter(clients::erased_at.is_null()).into_boxed();
    if !filter.id.is_empty() {
        query = query.filter(clients::id.eq_any(filter.id.clone()));
    }
    query = if filter.status.is_empty() {
        query.filter(clients::status.ne(ClientStatus::Archived))
    } else {
        query.filter(clients::status.eq_any(filter.status.clone()))
    };
    if let Some(kind) = filter.kind {
        query = query.filter(clients::kind.eq(kind));
    }
    if !filter.owner_id.is_empty() {
        query = query.filter(clients::owner_id.eq_any(filter.owner_id.clone()));
    }
    if !filter.team_id.is_empty() {
        query = query.filter(clients::team_id.eq_any(filter.team_id.clone()));
    }
    if let Some(is_key) = filter.is_key {
        query = query.filter(clients::is_key.eq(is_key));
    }
    if !filter.tag.is_empty() {
        query = query.filter(clients::tags.contains(filter.tag.clone()));
    }
    if let Some(tax_id) = &filter.tax_id {
        query = query.filter(clients::tax_id.eq(tax_id.clone()));
    }
    if !filter.parent_id.is_empty() {
        query = query.filter(clients::parent_id.eq_any(filter.parent_id.clone()));
    }
    if let Some(known) = external_ids::known::<Client>(filter.external_source.as_ref(), filter.external_id.as_ref()) {
        query = query.filter(known);
    }
    if !filter.lost_reason_id.is_empty() {
        query = query.filter(clients::lost_reason_id.eq_any(filter.lost_reason_id.clone()));
    }
    query = by_description(query, filter);
    query = in_time(query, filter);
    by_contact(query, filter)
}

fn in_time(mut query: Boxed, filter: &ClientFilter) -> Boxed {
    if let Some(from) = filter.updated_at_from {
        query = query.filter(clients::updated_at.ge(from));
    }
    if let Some(to) = filter.updated_at_to {
        query = query.filter(clients::updated_at.lt(to));
    }
    if let Some(from) = filter.created_at_from {
        query = query.filter(clients::created_at.ge(from));
    }
    if let Some(to) = filter.created_at_to {
        query = query.filter(clients::created_at.lt(to));
    }
    if let Some(since) = filter.unverified_since {
        query = query.filter(LAST_VERIFIED.lt(since));
    }
    query
}

fn by_description(mut query: Boxed, filter: &ClientFilter) -> Boxed {
    if !filter.industry.is_empty() {
        query = query.filter(clients::industry.eq_any(filter.industry.clone()));
    }
    if !filter.source.is_empty() {
        query = query.filter(clients::source.eq_any(filter.source.clone()));
    }
    if !filter.city.is_empty() {
        query = query.filter(sql::<Nullable<Text>>("(clients.address ->> 'city')").eq_any(filter.city.clone()));
    }
    if !filter.country.is_empty() {
        query = query.filter(sql::<Nullable<Text>>("(clients.address ->> 'country')").eq_any(filter.country.clone()));
    }
    if let Some(phone) = &filter.phone {
        // Only who has further numbers is in their index.
        let any = sql::<Bool>("clients.other_phones <> '[]'");
        let other = any.and(clients::other_phones.contains(Jsonb(json!([{"number": phone}]))));
        query = query.filter(clients::phone.eq(phone.clone()).or(other));
    }
    if let Some(email) = &filter.email {
        let any = sql::<Bool>("clients.other_emails <> '[]'");
        let other = any.and(clients::other_emails.contains(Jsonb(json!([{"address": email}]))));
        query = query.filter(clients::email.eq(email.clone()).or(other));
    }
    query
}

/// By when something passed or is planned to pass between the company and the client.
fn by_contact(mut query: Boxed, filter: &ClientFilter) -> Boxed {
    if let Some(has) = filter.has_next_interaction {
        query = query.filter(NEXT_INTERACTION.is_there(has));
    }
    if let Some(from) = filter.next_interaction_at_from {
        query = query.filter(NEXT_INTERACTION.ge(from)).filter(NEXT_INTERACTION.is_there(true));
    }
    if let Some(to) = filter.next_interaction_at_to {
        query = query.filter(NEXT_INTERACTION.lt(to));
    }
    if let Some(from) = filter.last_interaction_at_from {
        query = query.filter(LAST_INTERACTION.ge(from));
    }
    if let Some(to) = filter.last_interaction_at_to {
        query = query.filter(LAST_INTERACTION.lt(to)).filter(LAST_INTERACTION.is_there(true));
    }
    if let Some(since) = filter.no_contact_since {
        query = query.filter(LAST_INTERACTION.lt(since));
    }
    if let Some(from) = filter.last_verified_at_from {
        query = query.filter(LAST_VERIFIED.ge(from));
    }
    if let Some(to) = filter.last_verified_at_to {
        query = query.filter(LAST_VERIFIED.lt(to)).filter(LAST_VERIFIED.is_there(true));
    }
    query
}
