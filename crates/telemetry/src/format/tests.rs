//! The line as a log collector reads it.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
};

use serde_json::Value;
use tracing_subscriber::fmt::{MakeWriter, format::JsonFields};

use super::Json;

const FORGED: &str = "a\n{\"level\":\"info\"}";

#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Sink {
    type Writer = Self;
    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

fn line(log: impl FnOnce()) -> Value {
    let sink = Sink::default();
    let subscriber = tracing_subscriber::fmt()
        .fmt_fields(JsonFields::new())
        .event_format(Json { service: "test" })
        .with_writer(sink.clone())
        .finish();
    tracing::subscriber::with_default(subscriber, log);
    let bytes = sink.0.lock().unwrap().clone();
    serde_json::from_slice(&bytes).unwrap()
}

#[test]
fn an_event_is_one_object_that_is_readable_alone() {
    let line = line(|| tracing::info!(http.status = 409, done = true, "refused"));
    assert_eq!(line["service"], "test");
    assert_eq!(line["level"], "info");
    assert_eq!(line["message"], "refused");
    assert_eq!(line["http.status"], 409);
    assert_eq!(line["done"], true);
    let written = line["timestamp"].as_str().unwrap();
    assert!(chrono::DateTime::parse_from_rfc3339(written).is_ok());
}

#[test]
fn an_event_carries_the_fields_of_its_spans_and_the_inner_value_wins() {
    let line = line(|| {
        let outer = tracing::info_span!("request", correlation_id = "c-1", attempt = 1);
        let _outer = outer.enter();
        let inner = tracing::info_span!("query", attempt = 2);
        let _inner = inner.enter();
        tracing::warn!("slow");
    });
    assert_eq!(line["correlation_id"], "c-1");
    assert_eq!(line["attempt"], 2);
}

#[test]
fn no_field_forges_the_service_or_a_second_line() {
    let line = line(|| tracing::info!(service = "other", "{}", FORGED));
    assert_eq!(line["service"], "test");
    assert_eq!(line["message"], FORGED);
}

#[test]
fn an_error_is_told_with_its_sources() {
    let inner = io::Error::other("disk full");
    let outer = io::Error::other(Wrapped(inner));
    let line = line(|| {
        let error: &(dyn std::error::Error + 'static) = &outer;
        tracing::error!(error, "stopped");
    });
    assert_eq!(line["error"], "writing: disk full");
}

#[derive(Debug)]
struct Wrapped(io::Error);

impl std::fmt::Display for Wrapped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("writing")
    }
}

impl std::error::Error for Wrapped {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}
