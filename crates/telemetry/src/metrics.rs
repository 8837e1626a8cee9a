//! Installs the recorder behind the `metrics` macros.

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

/// Seconds, for every metric named `*_seconds`: from a cached read to the slowest call a person waits for.
const SECONDS: [f64; 12] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0,
];

/// Probabilities, for every metric named `*_probability`.
const PROBABILITIES: [f64; 10] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0];

/// Installs the process-wide recorder; the caller serves [`PrometheusHandle::render`] as `/metrics`
/// and calls [`PrometheusHandle::run_upkeep`] every few seconds.
///
/// # Errors
/// Another recorder is already installed in this process.
pub fn install_metrics() -> Result<PrometheusHandle, BuildError> {
    PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)?
        .set_buckets_for_metric(Matcher::Suffix("_probability".to_owned()), &PROBABILITIES)?
        .install_recorder()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_rendered_as_histograms() {
        let handle = install_metrics().unwrap();
        metrics::counter!("claims_total", "outcome" => "held").increment(2);
        metrics::histogram!("claim_seconds").record(0.004);
        let text = handle.render();
        assert!(text.contains("claims_total{outcome=\"held\"} 2"), "{text}");
        assert!(
            text.contains("claim_seconds_bucket{le=\"0.005\"} 1"),
            "{text}"
        );
    }
}
