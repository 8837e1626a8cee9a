//! Which request causes what is recorded: whoever serves it says so once, and each transaction that begins meanwhile carries it to the
//! triggers that write `stream`. A request that names no trace costs nothing for it, and one that does no statement more.

use std::fmt;

use sqlx::{AssertSqlSafe, PgPool, Postgres, Transaction};

/// A trace and the span in it that asks, as W3C Trace Context has it: `00-trace-parent-flags` in lower-case hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Traceparent(String);

tokio::task_local! {
    static CAUSE: Traceparent;
}

impl Traceparent {
    /// What a header names. What a later version adds at the end is left out, what is not valid is as good as absent.
    #[must_use]
    pub fn read(header: &str) -> Option<Self> {
        let mut parts = header.split('-');
        let mut hex = |digits: usize| {
            let lower = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
            let valid = |part: &&str| part.len() == digits && part.bytes().all(lower);
            parts.next().filter(valid)
        };
        let (version, trace, parent, flags) = (hex(2)?, hex(32)?, hex(16)?, hex(2)?);
        let is_zero = |part: &str| part.bytes().all(|b| b == b'0');
        let whole = parts.next().is_none() || version != "00";
        let is_valid = version != "ff" && whole && !is_zero(trace) && !is_zero(parent);
        is_valid.then(|| Self(format!("00-{trace}-{parent}-{flags}")))
    }

    /// The trace: 32 digits.
    #[must_use]
    pub fn trace(&self) -> &str {
        &self.0[3..35]
    }

    /// The request that is being served, if it said which it is.
    #[must_use]
    pub fn current() -> Option<Self> {
        CAUSE.try_with(Clone::clone).ok()
    }

    /// Serves a request: whatever it records is caused by it.
    pub async fn causes<F: Future>(self, request: F) -> F::Output {
        CAUSE.scope(self, request).await
    }
}

impl fmt::Display for Traceparent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Goes on with work of a request in another task of the process.
pub fn go_on<F: Future + Send>(work: F) -> impl Future<Output = F::Output> + Send {
    let cause = Traceparent::current();
    async move {
        match cause {
            Some(cause) => cause.causes(work).await,
            None => work.await,
        }
    }
}

/// Begins a transaction that knows the request which causes it.
///
/// # Errors
/// The database failed.
pub async fn begin(pool: &PgPool) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    match Traceparent::current() {
        None => pool.begin().await,
        // Hexadecimal digits and dashes only. Both go to the server at once.
        Some(Traceparent(cause)) => {
            let begin = format!("begin; set local datacrowd.traceparent = '{cause}'");
            pool.begin_with(AssertSqlSafe(begin)).await
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_is_taken_from_a_valid_header_only() {
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        for valid in [
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-later'; drop",
        ] {
            let read = Traceparent::read(valid).unwrap();
            assert_eq!(read.trace(), trace, "{valid}");
            let kept = format!("00-{trace}-00f067aa0ba902b7-01");
            assert_eq!(read.to_string(), kept, "{valid}");
        }
        for invalid in [
            "",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
        ] {
            assert_eq!(Traceparent::read(invalid), None, "{invalid}");
        }
    }

    #[tokio::test]
    async fn a_cause_is_known_while_its_request_is_served_and_by_what_goes_on_with_it() {
        let header = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let given = Traceparent::read(header);
        let elsewhere = || tokio::spawn(go_on(async { Traceparent::current() }));
        assert_eq!(elsewhere().await.unwrap(), None);
        let request = async { (Traceparent::current(), elsewhere().await.unwrap()) };
        let seen = given.clone().unwrap().causes(request).await;
        assert_eq!(seen, (given.clone(), given));
        assert_eq!(Traceparent::current(), None);
    }
}
