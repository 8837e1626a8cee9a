//! What every handler may use.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::http::HeaderValue;
use chrono::{DateTime, SubsecRound, Utc};
use datacrowd_accounts::Accounts;
use datacrowd_billing::Billing;
use datacrowd_labelling::Labelling;
use datacrowd_notifications::Notifications;
use datacrowd_protocol::ids::TenantId;
use datacrowd_telemetry::PrometheusHandle;
use ipnet::IpNet;
use tokio::sync::broadcast;

use crate::{
    cluster::Cluster, console::Console, objects::Objects, open_streams::OpenStreams,
    rate_limits::RateLimits, reviewed_tokens::ReviewedTokens, scheduled::AwaitedTask,
    source_digests::Digests, stripe::Stripe,
};

/// Settings that handlers read.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Secrets of trusted internal callers: current, then previous.
    pub internal_tokens: Vec<String>,
    /// Largest upload in bytes.
    pub max_upload_bytes: u64,
    /// Proxies that are believed about whom they heard from.
    pub trusted_proxies: Vec<IpNet>,
    /// Origins whose pages may call the API.
    pub cors_origins: Vec<HeaderValue>,
    /// Requests per second from one address; 0 sets no limit.
    pub requests_per_address: u32,
    /// Requests per second of one account; 0 sets no limit.
    pub requests_per_account: u32,
    /// The web console, where it is served.
    pub console: Option<Console>,
    /// How long a request may take, other than an upload by somebody who may.
    pub request_time: Duration,
    /// How long such an upload may be silent.
    pub upload_idle: Duration,
    /// Tasks that run on a schedule, which monitoring is told of.
    pub scheduled_tasks: Vec<AwaitedTask>,
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
    /// Context "notifications".
    pub notifications: Notifications,
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
    /// Counts requests.
    limits: RateLimits,
    /// Whether new requests should go to another replica.
    draining: AtomicBool,
    reviewed: ReviewedTokens,
    /// Whose events were recorded a moment ago; none where it may be anybody's.
    arrivals: broadcast::Sender<Option<TenantId>>,
    digests: Digests,
    streams: OpenStreams,
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
        let settings = &parts.settings;
        Self(Arc::new(Inner {
            limits: RateLimits::new(settings.requests_per_address, settings.requests_per_account),
            parts,
            draining: AtomicBool::new(false),
            reviewed: ReviewedTokens::default(),
            arrivals: broadcast::Sender::new(64),
            digests: Digests::default(),
            streams: OpenStreams::default(),
        }))
    }

    /// Counts requests.
    pub(crate) fn limits(&self) -> &RateLimits {
        &self.0.limits
    }

    /// Runner tokens that were reviewed a moment ago.
    pub(crate) fn reviewed(&self) -> &ReviewedTokens {
        &self.0.reviewed
    }

    /// What sources hash to that were read again.
    pub(crate) fn digests(&self) -> &Digests {
        &self.0.digests
    }

    /// Streams of events that are open.
    pub(crate) fn streams(&self) -> &OpenStreams {
        &self.0.streams
    }

    /// Now, as exactly as the databases keep it: what is answered now and what is read later are equal.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        (self.clock)().trunc_subsecs(6)
    }

    /// Says on `/readyz` that new requests should go elsewhere.
    pub fn drain(&self) {
        self.0.draining.store(true, Ordering::Relaxed);
        // Streams of events end now, and their readers go to another replica.
        self.arrived(None);
    }

    /// Wakes who waits for a tenant's events; everybody, where it may be anybody's.
    pub(crate) fn arrived(&self, tenant: Option<TenantId>) {
        // That nobody waits is no error.
        let _ = self.0.arrivals.send(tenant);
    }

    /// Tells of [`Self::arrived`] from now on.
    pub(crate) fn arrivals(&self) -> broadcast::Receiver<Option<TenantId>> {
        self.0.arrivals.subscribe()
    }

    /// Whether [`Self::drain`] was called.
    pub(crate) fn is_draining(&self) -> bool {
        self.0.draining.load(Ordering::Relaxed)
    }
}
