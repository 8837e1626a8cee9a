//! What every handler may use, and the two routers.

use std::sync::Arc;

use axum::{Router, middleware};
use chrono::{DateTime, SubsecRound, Utc};
use datacrowd_accounts::Accounts;
use datacrowd_billing::Billing;
use datacrowd_labelling::Labelling;
use datacrowd_telemetry::PrometheusHandle;
use tower_http::catch_panic::CatchPanicLayer;

use crate::{cluster::Cluster, error, extract, internal, objects::Objects, routes, stripe::Stripe};

/// Settings that handlers read.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Secrets of trusted internal callers: current, then previous.
    pub internal_tokens: Vec<String>,
    /// Largest upload in bytes.
    pub max_upload_bytes: u64,
}

/// The contexts and neighbours; cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Inner>);

/// What an [`App`] is made of.
pub struct Parts {
    /// Context "auth".
    pub accounts: Accounts,
    /// Context "core".
    pub core: Labelling,
    /// Context "payments".
    pub billing: Billing,
    /// Stripe, while billing mode is `stripe`.
    pub stripe: Option<Stripe>,
    /// The cluster.
    pub cluster: Cluster,
    /// The object store.
    pub objects: Objects,
    /// Settings.
    pub settings: Settings,
    /// Renders `/metrics`.
    pub metrics: PrometheusHandle,
    /// Tells the time.
    pub clock: fn() -> DateTime<Utc>,
}

struct Inner {
    parts: Parts,
    reviewed: internal::ReviewedTokens,
}

impl std::ops::Deref for App {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0.parts
    }
}

impl App {
    /// Puts the parts together.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(Inner {
            parts,
            reviewed: internal::ReviewedTokens::default(),
        }))
    }

    /// Runner tokens that were reviewed a moment ago.
    pub(crate) fn reviewed(&self) -> &internal::ReviewedTokens {
        &self.0.reviewed
    }

    /// Now, as exactly as the databases keep it: what is answered now and what is read later are equal.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        (self.clock)().trunc_subsecs(6)
    }

    /// The public port's router.
    pub fn public(&self) -> Router {
        finish(routes::public_router().with_state(self.clone()))
    }

    /// The internal port's router.
    pub fn internal(&self) -> Router {
        finish(internal::router(self.clone()).with_state(self.clone()))
    }
}

fn finish(router: Router) -> Router {
    router
        .layer(CatchPanicLayer::new())
        .layer(middleware::from_fn(error::render_problems))
        .layer(middleware::from_fn(routes::measure))
        .layer(middleware::from_fn(extract::correlate))
}
