//! Metrics: what there is and what is told of each, and the recorder behind them.

use std::marker::PhantomData;

use ::metrics::{Label, SharedString};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

/// Seconds, for every metric named `*_seconds`: from a cached read to the slowest call a person waits for.
const SECONDS: [f64; 12] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0,
];

/// Probabilities, for every metric named `*_probability`.
const PROBABILITIES: [f64; 10] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0];

/// A metric and the names of its labels. [`metrics!`](crate::metrics!) declares it.
#[derive(Debug)]
pub struct Metric<H, const LABELS: usize = 0> {
    name: &'static str,
    labels: [&'static str; LABELS],
    handle: PhantomData<H>,
}

/// How often something happened.
pub type Counter<const LABELS: usize = 0> = Metric<::metrics::Counter, LABELS>;
/// How much there is of something now.
pub type Gauge<const LABELS: usize = 0> = Metric<::metrics::Gauge, LABELS>;
/// How values are distributed.
pub type Histogram<const LABELS: usize = 0> = Metric<::metrics::Histogram, LABELS>;

impl<H, const LABELS: usize> Metric<H, LABELS> {
    /// For [`metrics!`](crate::metrics!).
    #[must_use]
    pub const fn new(name: &'static str, labels: [&'static str; LABELS]) -> Self {
        Self {
            name,
            labels,
            handle: PhantomData,
        }
    }
}

impl<H: Handle, const LABELS: usize> Metric<H, LABELS> {
    /// The series with these values of its labels, in the order in which they are declared.
    #[must_use]
    pub fn with(&self, values: [impl Into<SharedString>; LABELS]) -> H {
        let labels = self.labels.iter().zip(values);
        H::of(
            self.name,
            labels
                .map(|(label, value)| Label::new(*label, value))
                .collect(),
        )
    }
}

impl<H: Handle> Metric<H> {
    /// The only series of a metric without labels.
    #[must_use]
    pub fn only(&self) -> H {
        H::of(self.name, Vec::new())
    }
}

/// What counts, sets or records.
pub trait Handle {
    /// The handle of a series.
    fn of(name: &'static str, labels: Vec<Label>) -> Self;
}

impl Handle for ::metrics::Counter {
    fn of(name: &'static str, labels: Vec<Label>) -> Self {
        ::metrics::counter!(name, labels)
    }
}

impl Handle for ::metrics::Gauge {
    fn of(name: &'static str, labels: Vec<Label>) -> Self {
        ::metrics::gauge!(name, labels)
    }
}

impl Handle for ::metrics::Histogram {
    fn of(name: &'static str, labels: Vec<Label>) -> Self {
        ::metrics::histogram!(name, labels)
    }
}

/// What is told of a metric.
#[derive(Debug, Clone, Copy)]
pub struct Described {
    /// Its name, as Prometheus sees it.
    pub name: &'static str,
    /// Its type.
    pub kind: Kind,
    /// The names of its labels.
    pub labels: &'static [&'static str],
    /// What it means.
    pub help: &'static str,
}

/// A type of metrics.
#[derive(Debug, Clone, Copy)]
#[expect(missing_docs, reason = "the types of the same names say it")]
pub enum Kind {
    Counter,
    Gauge,
    Histogram,
}

/// Declares metrics, and all of them as `ALL`: a type, a constant, a name, the names of labels. The comment above each is
/// its help text.
///
/// ```
/// datacrowd_telemetry::metrics! {
///     /// tasks that workers hold
///     Gauge LEASES = "datacrowd_leases";
///     /// requests that were answered
///     Counter REQUESTS = "requests_total" ["method", "status"];
/// }
/// LEASES.only().set(3.0);
/// REQUESTS.with(["GET", "200"]).increment(1);
/// assert_eq!(ALL[1].labels, ["method", "status"]);
/// ```
#[macro_export]
macro_rules! metrics {
    ($($(#[doc = $help:literal])+ $kind:ident $metric:ident = $name:literal $([$($label:literal),+])?;)+) => {
        $(
            $(#[doc = $help])+
            pub const $metric: $crate::$kind<{ <[&str]>::len(&[$($($label),+)?]) }> =
                $crate::$kind::new($name, [$($($label),+)?]);
        )+
        /// All of them.
        pub const ALL: &[$crate::Described] = &[$($crate::Described {
            name: $name,
            kind: $crate::Kind::$kind,
            labels: &[$($($label),+)?],
            help: concat!($($help),+),
        }),+];
    };
}

/// Metrics as a table of Markdown.
#[must_use]
pub fn metrics_table(metrics: &[Described]) -> String {
    let mut table = "| metric | type | meaning |\n|---|---|---|\n".to_owned();
    for metric in metrics {
        let Described { name, labels, .. } = metric;
        let labels = match labels {
            [] => String::new(),
            labels => format!("{{{}}}", labels.join(",")),
        };
        let kind = match metric.kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        let help = metric.help.trim();
        table.push_str(&format!("| `{name}{labels}` | {kind} | {help} |\n"));
    }
    table
}

/// Installs the process-wide recorder, with the help texts of `told`; the caller serves [`PrometheusHandle::render`] as
/// `/metrics` and calls [`PrometheusHandle::run_upkeep`] every few seconds.
///
/// # Errors
/// Another recorder is already installed in this process.
pub fn install_metrics(told: &[&[Described]]) -> Result<PrometheusHandle, BuildError> {
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)?
        .set_buckets_for_metric(Matcher::Suffix("_probability".to_owned()), &PROBABILITIES)?
        .install_recorder()?;
    for Described {
        name, kind, help, ..
    } in told.iter().copied().flatten()
    {
        match kind {
            Kind::Counter => ::metrics::describe_counter!(*name, help.trim()),
            Kind::Gauge => ::metrics::describe_gauge!(*name, help.trim()),
            Kind::Histogram => ::metrics::describe_histogram!(*name, help.trim()),
        }
    }
    Ok(handle)
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::metrics! {
        /// claims that
        /// were answered
        Counter CLAIMS = "claims_total" ["outcome"];
        /// time of a claim
        Histogram CLAIM_SECONDS = "claim_seconds";
    }

    #[test]
    fn what_is_declared_is_rendered_with_its_help() {
        let handle = install_metrics(&[ALL]).unwrap();
        CLAIMS.with(["held"]).increment(2);
        CLAIM_SECONDS.only().record(0.004);
        let text = handle.render();
        for line in [
            "# HELP claims_total claims that were answered",
            "claims_total{outcome=\"held\"} 2",
            "# TYPE claim_seconds histogram",
            "claim_seconds_bucket{le=\"0.005\"} 1",
        ] {
            assert!(text.contains(line), "{line} in {text}");
        }
    }

    #[test]
    fn a_table_tells_of_each() {
        let table = "| metric | type | meaning |\n|---|---|---|\n\
            | `claims_total{outcome}` | counter | claims that were answered |\n\
            | `claim_seconds` | histogram | time of a claim |\n";
        assert_eq!(metrics_table(ALL), table);
    }
}
