//! Past orders, recorded with their real dates: orders from before this system was in use, or made outside it.

use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    bodies::{NewPastOrder, PastOrderStart, RecordOrder},
    contract,
    lines::{self, LineTerms},
    model::{Order, OrderEvent, OrderNumber, OrderTerms, OrderWithLines, Priority},
    queries::{breached, next_number},
    status::OrderStatus,
};
use crate::{
    access::{Scope, TeamId, UserId},
    change::{Row, Tx, begin_custom},
    clients::{self, Client, ClientId, ClientStatus, Standing},
    db::{Jsonb, Sql, insert_many, schema::order_events, wide::orders},
    departments::DepartmentId,
    error::{Error, FieldError, OnConstraint, Result},
    http::Parts,
    organization,
    pricing::{RoundedPer, Rounding},
    values::{CurrencyCode, Day, FulfilledQuantity, Id, Instant, Invalid, Say, Total},
};

/// How far a past order came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PastStatus {
    /// Approved; it is still to be handed over.
    Approved,
    /// Delivered, not yet settled.
    Fulfilled,
    /// Delivered and settled.
    #[default]
    Closed,
}

/// A past order with everything filled in: its client and owner, its number, its days and its lines.
#[derive(Clone, Debug)]
pub struct PastOrder {
    /// Who ordered.
    pub client_id: ClientId,
    /// The client's owner.
    pub owner_id: UserId,
    /// The owner's team.
    pub team_id: TeamId,
    /// Whether the client is key.
    pub is_key: bool,
    /// The order's number.
    pub number: OrderNumber,
    /// Who wrote the order.
    pub author_id: UserId,
    /// How far the order came.
    pub status: OrderStatus,
    /// How urgent the order was.
    pub priority: Priority,
    /// The currency of all amounts.
    pub currency: CurrencyCode,
    /// Whether unit prices include the tax.
    pub prices_include_tax: bool,
    /// The day of the order.
    pub ordered_on: Day,
    /// The day on which it was fulfilled; the day of the order when not known.
    pub fulfilled_on: Option<Day>,
    /// Who executed it, or is to execute it.
    pub department_id: Option<DepartmentId>,
    /// When the department is to have executed it.
    pub due_at: Option<Instant>,
    /// The fields that callers write.
    pub terms: OrderTerms,
    /// What was ordered.
    pub lines: Vec<LineTerms>,
}

/// A past order that can be recorded, with its client.
#[derive(Debug)]
pub struct Prepared {
    client: Client,
    order: OrderWithLines,
    /// Whether it has a number of its own.
    is_numbered: bool,
}

/// Records one past order. A lead or a prospect that has bought is an active client. An order that is still to be handed
/// over begins business with the client.
///
/// # Errors
/// 403 for a client out of the right's reach, 409 for one that is archived, or lost when the order is under way, 422 for
/// values against the rules.
pub async fn record(tx: &mut Tx<'_>, scope: &Scope<Order, RecordOrder>, new: NewPastOrder) -> Result<OrderWithLines> {
    let Prepared { client, mut order, is_numbered } = prepare(tx, scope, new).await?;
    if !is_numbered {
        order.order.number = next_number(tx).await?;
    }
    insert(tx, std::slice::from_ref(&order)).await?;
    // What a silent client bought in the past does not say that it buys now.
    if order.order.fulfilled_at.is_some() && client.status != ClientStatus::Dormant {
        clients::activate_buyer(tx, &client).await?;
    }
    Ok(order)
}

/// Finds out whether a past order can be recorded, without writing anything. Its client is locked.
///
/// # Errors
/// As [`record`].
pub async fn prepare(tx: &mut Tx<'_>, scope: &Scope<Order, RecordOrder>, new: NewPastOrder) -> Result<Prepared> {
    let Parts(new, terms) = new;
    let client = clients::hold_to_touch(tx, new.client_id, "/client_id").await?;
    scope.permit(&client)?;
    if new.status == Some(PastStatus::Approved) {
        Standing::of(&client).refuse_gone()?;
    }
    new.check(tx.today())?;
    let author_id = new.author_id.or_else(|| tx.user_id());
    let author_id = author_id.ok_or_else(|| Error::field("/author_id", Invalid::Required))?;
    let priced = lines::price(tx, new.lines, new.currency, true).await?;
    let is_numbered = new.number.is_some();
    let past = PastOrder {
        client_id: client.id,
        owner_id: client.owner_id,
        team_id: client.team_id,
        is_key: client.is_key,
        number: new.number.map_or_else(|| OrderNumber::parse("-").map_err(Error::internal), Ok)?,
        author_id,
        status: new.status.unwrap_or_default().into(),
        priority: new.priority.unwrap_or_else(|| Priority::initial(client.is_key)),
        currency: priced.currency,
        prices_include_tax: organization::rules(tx).await?.prices_include_tax,
        ordered_on: new.ordered_on,
        fulfilled_on: new.fulfilled_on,
        department_id: new.department_id,
        due_at: None,
        terms,
        lines: priced.lines,
    };
    let mut order = past.written(tx)?;
    check(tx, &order.order).await?;
    begin_custom(tx, &mut order.order).await?;
    Ok(Prepared { client, order, is_numbered })
}

/// Records many past orders in few statements. The caller must make sure of what [`record`] checks: that each order
/// matches its client, is priced in its currency, keeps to its contract and is not in the future.
///
/// # Errors
/// 422 for amounts that exceed the largest total, references that do not exist and numbers that are taken.
pub async fn record_all(
    tx: &mut Tx<'_>,
    _scope: &Scope<Order, RecordOrder>,
    past: Vec<PastOrder>,
) -> Result<Vec<OrderWithLines>> {
    let mut orders = past.into_iter().map(|past| past.written(tx)).collect::<Result<Vec<_>>>()?;
    for order in &mut orders {
        begin_custom(tx, &mut order.order).await?;
    }
    insert(tx, &orders).await?;
    Ok(orders)
}

impl PastOrderStart {
    fn check(&self, today: Day) -> Result<()> {
        let mut errors = Vec::new();
        if self.ordered_on > today {
            errors.push(FieldError::new("/ordered_on", Invalid::TooLarge(today.to_string())));
        }
        match self.fulfilled_on {
            Some(day) if day < self.ordered_on => {
                errors.push(FieldError::new("/fulfilled_on", Invalid::TooSmall(self.ordered_on.to_string())));
            }
            Some(day) if day > today => {
                errors.push(FieldError::new("/fulfilled_on", Invalid::TooLarge(today.to_string())));
            }
            _ => {}
        }
        if self.status == Some(PastStatus::Approved) {
            let given =
                [("/fulfilled_on", self.fulfilled_on.is_some()), ("/department_id", self.department_id.is_some())];
            let breaches = given.into_iter().filter(|(_, given)| *given);
            errors.extend(breaches.map(|(pointer, _)| FieldError::new(pointer, not_yet())));
        }
        if self.number.as_ref().is_some_and(is_reserved) {
            errors.push(FieldError::new("/number", reserved()));
        }
        if errors.is_empty() { Ok(()) } else { Err(Error::fields(errors)) }
    }
}

fn not_yet() -> Invalid {
    let say = Say::new("An approved order has not been executed yet.", "Согласованный заказ ещё не исполнялся.");
    Invalid::Rule("not_with_status", say)
}

fn reserved() -> Invalid {
    Invalid::Rule("reserved", Say::new("This form is for new numbers only.", "Такой вид оставлен для новых номеров."))
}

/// Whether the number has the form of the numbers of new orders. One of them could get the same number some day.
fn is_reserved(number: &OrderNumber) -> bool {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let parts: Vec<&str> = number.as_str().split('-').collect();
    matches!(parts.as_slice(), ["O", year, count] if year.len() == 4 && count.len() >= 6 && digits(year) && digits(count))
}

/// Refuses an id that another order has, and a contract whose rules the order breaks.
async fn check(tx: &mut Tx<'_>, order: &Order) -> Result<()> {
    order.refuse_taken(tx, None).await?;
    contract::hold(tx, order).await
}

impl PastOrder {
    /// The order as it stands now. Its lines are fulfilled when the order is.
    fn written(self, tx: &mut Tx<'_>) -> Result<OrderWithLines> {
        let (now, status) = (tx.now(), self.status);
        let executed = matches!(status, OrderStatus::Fulfilled | OrderStatus::Closed);
        let fulfilled_on = self.fulfilled_on.unwrap_or(self.ordered_on);
        let order = Order {
            id: tx.new_id(),
            version: 1,
            created_at: now,
            updated_at: now,
            client_id: self.client_id,
            owner_id: self.owner_id,
            team_id: self.team_id,
            is_key: self.is_key,
            number: self.number,
            author_id: self.author_id,
            editor_ids: Jsonb(Vec::new()),
            return_reason: None,
            exceeded: Jsonb(Vec::new()),
            status,
            priority: self.priority,
            currency: self.currency,
            // The amounts are those of the source.
            rounding: Rounding::None,
            rounded_per: RoundedPer::Line,
            prices_include_tax: self.prices_include_tax,
            ordered_on: self.ordered_on,
            net_total: Total::least(),
            tax_total: Total::least(),
            total: Total::least(),
            department_id: self.department_id,
            due_at: self.due_at,
            submitted_at: (status != OrderStatus::Draft).then(|| self.ordered_on.start()),
            approved_by: None,
            handed_over_at: self.department_id.map(|_| self.ordered_on.start()),
            fulfilled_at: executed.then(|| fulfilled_on.start()),
            question: None,
            cancellation: None,
            terms: self.terms,
        };
        let mut order = lines::write(tx, order, self.lines, &[])?;
        if executed {
            for line in &mut order.lines {
                line.fulfilled_quantity = FulfilledQuantity::new(line.quantity.value()).map_err(Error::internal)?;
            }
        }
        Ok(order)
    }
}

impl From<PastStatus> for OrderStatus {
    fn from(status: PastStatus) -> Self {
        match status {
            PastStatus::Approved => Self::Approved,
            PastStatus::Fulfilled => Self::Fulfilled,
            PastStatus::Closed => Self::Closed,
        }
    }
}

/// Writes past orders with their lines, their history and their audit records.
async fn insert(tx: &mut Tx<'_>, past: &[OrderWithLines]) -> Result<()> {
    static ORDERS: Sql = Sql::new();
    static EVENTS: Sql = Sql::new();
    let written = insert_many(tx, &ORDERS, past, |some| {
        diesel::insert_into(orders::table).values(some.iter().map(|past| &past.order).collect::<Vec<_>>())
    });
    written.await.on_constraint(breached)?;
    let rows: Vec<_> = past.iter().flat_map(|past| past.lines.iter().cloned()).collect();
    lines::insert(tx, &rows).await?;
    let actor = tx.user_id();
    let rows: Vec<OrderEvent> = past.iter().flat_map(|past| events(&past.order, actor)).collect();
    insert_many(tx, &EVENTS, &rows, |some| diesel::insert_into(order_events::table).values(some)).await?;
    for order in past {
        tx.created(order);
    }
    Ok(())
}

/// The known steps of a past order, at their real dates. Without an `actor`, its author counts as having taken them.
fn events(order: &Order, actor: Option<UserId>) -> Vec<OrderEvent> {
    let mut from_status = None;
    let mut events = Vec::new();
    for (action, to_status, at) in way(order) {
        let Some(at) = at else { continue };
        events.push(OrderEvent {
            id: Id::generate(),
            order_id: order.id,
            client_id: order.client_id,
            at,
            actor_id: actor.or(Some(order.author_id)),
            action: action.to_owned(),
            from_status,
            to_status,
            reason: None,
            exceeded: Jsonb(Vec::new()),
            details: Jsonb::default(),
        });
        from_status = Some(to_status);
    }
    events
}

/// Through which statuses a past order came, and when: the last is the one that it has. A step whose time is not known
/// has none.
fn way(order: &Order) -> Vec<(&'static str, OrderStatus, Option<Instant>)> {
    use OrderStatus::{
        Accepted, Approved, Cancelled, Closed, Draft, Fulfilled, HandedOver, InProgress, Rejected, Submitted,
    };
    let status = order.status;
    let ordered = Some(order.ordered_on.start());
    match status {
        Draft | Submitted => vec![("recorded", status, ordered)],
        Rejected => vec![("recorded", Submitted, ordered), ("rejected", Rejected, ordered)],
        Cancelled => vec![("recorded", Approved, ordered), ("cancelled", Cancelled, ordered)],
        Approved | HandedOver | Accepted | InProgress | Fulfilled | Closed => {
            let begun = order.handed_over_at.filter(|_| matches!(status, Accepted | InProgress));
            vec![
                ("recorded", Approved, ordered),
                ("handed_over", HandedOver, order.handed_over_at),
                ("accepted", Accepted, begun),
                ("started", InProgress, begun.filter(|_| status == InProgress)),
                ("fulfilled", Fulfilled, order.fulfilled_at),
                ("closed", Closed, order.fulfilled_at.filter(|_| status == Closed)),
            ]
        }
    }
}
