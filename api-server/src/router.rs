//! The two routers: what is there, and the guards around it in their order.

use std::sync::Arc;

use axum::{Router, middleware};
use tower_http::catch_panic::CatchPanicLayer;

use crate::{
    client,
    guards::{correlation, cors, deprecation, host, limits, metrics, problems, security_headers},
    idempotency, internal, routes,
    state::App,
};

impl App {
    /// The public port's router.
    pub fn public(&self) -> Router {
        let router = routes::public_router().with_state(self.clone());
        let router = match &self.settings.console {
            Some(console) => router.merge(console.router()),
            None => router,
        };
        let router = router
            .layer(middleware::from_fn_with_state(
                self.clone(),
                idempotency::replay,
            ))
            .layer(middleware::from_fn_with_state(
                self.clone(),
                limits::enforce,
            ))
            .layer(middleware::from_fn_with_state(
                Arc::from(self.settings.trusted_proxies.as_slice()),
                client::resolve,
            ));
        // It answers every OPTIONS itself, so whatever such an answer carries is added outside of it; who may read
        // answers is said on refusals, too.
        let router = contain(router).layer(cors::layer(&self.settings.cors_origins));
        observe(router)
            .layer(middleware::from_fn_with_state(
                deprecation::DEPRECATIONS,
                deprecation::announce,
            ))
            .layer(middleware::from_fn(security_headers::add))
    }

    /// The internal port's router.
    pub fn internal(&self) -> Router {
        observe(contain(internal::router().with_state(self.clone())))
    }
}

/// Whatever goes wrong is a problem.
fn contain(router: Router) -> Router {
    router
        .layer(CatchPanicLayer::new())
        .layer(middleware::from_fn(host::require))
        .layer(middleware::from_fn(problems::render))
}

/// Every request is counted, and followed by its correlation id.
fn observe(router: Router) -> Router {
    router
        .layer(middleware::from_fn(metrics::measure))
        .layer(middleware::from_fn(correlation::correlate))
}
