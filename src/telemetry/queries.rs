//! Spans of SQL statements, as children of their request's span. They contain only the text with its placeholders,
//! never a parameter.

use std::fmt::{self, Write};

use diesel::connection::{DebugQuery, Instrumentation, InstrumentationEvent, set_default_instrumentation};
use opentelemetry::{
    Context, KeyValue,
    trace::{Span, SpanKind, Status, Tracer},
};
use opentelemetry_sdk::trace::{SdkTracer, Span as SdkSpan};

/// The most bytes of a statement's text in a span.
const MOST: usize = 2048;
/// Where the text of a statement ends and its parameters begin.
const PARAMETERS: &str = " -- binds: ";
/// The most unfinished statements of a connection that are remembered: a statement whose request was abandoned never
/// ends.
const UNDER_WAY: usize = 32;

/// The tracer in the context of a traced request. Without it, a statement has no span.
pub(super) struct ByTracer(pub SdkTracer);

/// Makes every connection that is opened from now on record spans.
pub(super) fn observe() {
    // This fails only if the lock is poisoned; then statements have no spans.
    let _ = set_default_instrumentation(|| Some(Box::<Statements>::default()));
}

/// The unfinished statements of one connection, each with its text.
#[derive(Default)]
struct Statements(Vec<(String, SdkSpan)>);

impl Instrumentation for Statements {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        match event {
            InstrumentationEvent::StartQuery { query, .. } => self.begin(query),
            // Without a traced request there is no span to end, so the text is not built.
            InstrumentationEvent::FinishQuery { query, error, .. } if !self.0.is_empty() => {
                self.end(query, error.is_some());
            }
            _ => {}
        }
    }
}

impl Statements {
    fn begin(&mut self, query: &dyn DebugQuery) {
        let context = Context::current();
        let Some(ByTracer(tracer)) = context.get::<ByTracer>() else { return };
        let Statement { text, is_whole } = Statement::of(query);
        let operation = text.split_whitespace().next().unwrap_or("query").to_ascii_uppercase();
        let mut attributes =
            vec![KeyValue::new("db.system.name", "postgresql"), KeyValue::new("db.operation.name", operation.clone())];
        if is_whole {
            attributes.push(KeyValue::new("db.query.text", text.clone()));
        }
        let span = tracer.span_builder(operation).with_kind(SpanKind::Client).with_attributes(attributes);
        if self.0.len() >= UNDER_WAY {
            self.0.remove(0);
        }
        self.0.push((text, span.start_with_context(tracer, &context)));
    }

    fn end(&mut self, query: &dyn DebugQuery, failed: bool) {
        let text = Statement::of(query).text;
        let Some(place) = self.0.iter().position(|(begun, _)| *begun == text) else { return };
        let (_, mut span) = self.0.remove(place);
        if failed {
            span.set_status(Status::error(""));
        }
        span.end();
    }
}

/// The text of a statement up to its parameters.
#[derive(Default)]
struct Statement {
    text: String,
    /// Whether the parameters are separate from the text: the text of a batch may contain values.
    is_whole: bool,
}

impl Statement {
    fn of(query: &dyn DebugQuery) -> Self {
        let mut statement = Self::default();
        // Writing stops with an error where the parameters begin.
        let _ = write!(statement, "{query}");
        statement
    }
}

impl Write for Statement {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        let (told, ends) = part.split_once(PARAMETERS).map_or((part, false), |(told, _)| (told, true));
        let room = told.floor_char_boundary(MOST.saturating_sub(self.text.len()));
        self.text.push_str(told.get(..room).unwrap_or_default());
        self.is_whole |= ends;
        if ends { Err(fmt::Error) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use diesel::{ExpressionMethods, QueryDsl, debug_query, pg::Pg};

    use super::{MOST, Statement};
    use crate::db::schema::teams;

    #[test]
    fn a_statement_is_told_without_its_parameters() {
        let query = teams::table.filter(teams::name.eq("hush")).select(teams::id);
        let told = Statement::of(&debug_query::<Pg, _>(&query));
        assert_eq!(told.text, r#"SELECT "teams"."id" FROM "teams" WHERE ("teams"."name" = $1)"#);
        assert!(told.is_whole);
    }

    #[test]
    fn a_long_statement_is_cut_and_a_batch_is_not_whole() {
        let mut told = Statement::default();
        write!(told, "{}", "я".repeat(MOST)).unwrap();
        assert!(told.text.len() <= MOST && told.text.len() > MOST - 2 && !told.is_whole);
    }
}
