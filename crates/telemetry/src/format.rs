//! One event as one JSON object: `timestamp level service message`, the fields of its spans from
//! the outermost to the innermost, then its own. The inner value of a name wins.

use std::fmt;

use chrono::{SecondsFormat, Utc};
use serde_json::{Map, Value};
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    fmt::{
        FmtContext, FormatEvent, FormatFields, FormattedFields,
        format::{JsonFields, Writer},
    },
    registry::LookupSpan,
};

/// Formats events; spans must have been formatted by `JsonFields`.
pub(crate) struct Json {
    pub(crate) service: &'static str,
}

/// Members that no field may replace.
const RESERVED: [&str; 4] = ["timestamp", "level", "service", "target"];

impl<S> FormatEvent<S, JsonFields> for Json
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    JsonFields: for<'a> FormatFields<'a>,
{
    #[expect(clippy::disallowed_methods, reason = "a line says when it was written")]
    fn format_event(
        &self,
        ctx: &FmtContext<'_, S, JsonFields>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut line = Map::new();
        let now = Utc::now().to_rfc3339_opts(SecondsFormat::Micros, true);
        line.insert("timestamp".into(), now.into());
        let level = event.metadata().level().as_str().to_lowercase();
        line.insert("level".into(), level.into());
        line.insert("service".into(), self.service.into());
        // Keeps the place of the message in front of the fields.
        line.insert("message".into(), "".into());
        line.insert("target".into(), event.metadata().target().into());
        for span in ctx.event_scope().into_iter().flat_map(|s| s.from_root()) {
            let extensions = span.extensions();
            let fields = extensions.get::<FormattedFields<JsonFields>>();
            let parsed = fields.and_then(|f| serde_json::from_str::<Map<_, _>>(&f.fields).ok());
            for (name, value) in parsed.into_iter().flatten() {
                put(&mut line, &name, value);
            }
        }
        event.record(&mut Fields(&mut line));
        let text = serde_json::to_string(&line).map_err(|_| fmt::Error)?;
        writeln!(writer, "{text}")
    }
}

fn put(line: &mut Map<String, Value>, name: &str, value: Value) {
    // What begins with "otel." is said to the collector's layer.
    if !RESERVED.contains(&name) && !name.starts_with("otel.") {
        line.insert(name.to_owned(), value);
    }
}

struct Fields<'a>(&'a mut Map<String, Value>);

impl Visit for Fields<'_> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        put(self.0, field.name(), value.into());
    }
    fn record_i64(&mut self, field: &Field, value: i64) {
        put(self.0, field.name(), value.into());
    }
    fn record_u64(&mut self, field: &Field, value: u64) {
        put(self.0, field.name(), value.into());
    }
    fn record_bool(&mut self, field: &Field, value: bool) {
        put(self.0, field.name(), value.into());
    }
    fn record_str(&mut self, field: &Field, value: &str) {
        put(self.0, field.name(), value.into());
    }
    /// An error as one text, its sources behind colons: it is logged once, where it is handled.
    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        let mut text = value.to_string();
        let mut source = value.source();
        while let Some(inner) = source {
            text.push_str(": ");
            text.push_str(&inner.to_string());
            source = inner.source();
        }
        put(self.0, field.name(), text.into());
    }
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        put(self.0, field.name(), format!("{value:?}").into());
    }
}

#[cfg(test)]
mod tests;
