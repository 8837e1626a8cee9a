//! Who may use the internal port.

use axum::{extract::FromRequestParts, http::request::Parts};
use datacrowd_labelling::{RunCaller, WarmModel};
use datacrowd_protocol::{
    ids::{ModelId, RunId},
    names::INTERNAL_TOKEN_HEADER,
};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::{
    auth::bearer,
    error::{ApiError, ApiResult, Code},
    state::App,
};

/// The operator, or another holder of the shared secret.
#[derive(Debug, Clone, Copy)]
pub struct Trusted;

impl FromRequestParts<App> for Trusted {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> ApiResult<Self> {
        let Some(given) = parts.headers.get(INTERNAL_TOKEN_HEADER) else {
            return Err(ApiError::new(Code::InternalTokenMissing));
        };
        let good = app
            .settings
            .internal_tokens
            .iter()
            .fold(false, |good, token| {
                good | bool::from(token.as_bytes().ct_eq(given.as_bytes()))
            });
        if good {
            Ok(Self)
        } else {
            Err(ApiError::new(Code::InternalTokenWrong))
        }
    }
}

/// A pod with a token for this audience, and the namespace it lives in.
#[derive(Debug, Clone)]
pub struct Runner {
    namespace: String,
}

impl FromRequestParts<App> for Runner {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> ApiResult<Self> {
        let token = bearer(&parts.headers);
        let token = token.ok_or_else(|| ApiError::new(Code::RunnerTokenMissing))?;
        let digest: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        if let Some(namespace) = app.reviewed().get(&digest) {
            return Ok(Self { namespace });
        }
        let namespace = app.cluster.runner_namespace(token).await?;
        let namespace = namespace.ok_or_else(|| ApiError::new(Code::RunnerTokenWrong))?;
        app.reviewed().put(digest, namespace.clone());
        Ok(Self { namespace })
    }
}

impl Runner {
    /// The run, when it belongs to this pod's namespace; otherwise it does not exist for it.
    pub async fn run(&self, app: &App, run: RunId) -> ApiResult<RunCaller> {
        let caller = app.core.run_caller(run).await?;
        if caller.namespace == self.namespace {
            Ok(caller)
        } else {
            Err(ApiError::not_found())
        }
    }

    /// The model, when it belongs to this pod's namespace; otherwise it does not exist for it.
    pub async fn model(&self, app: &App, model: ModelId) -> ApiResult<WarmModel> {
        let warm = app.core.warm_model(model).await?;
        match warm.namespace == self.namespace {
            true => Ok(warm),
            false => Err(ApiError::not_found()),
        }
    }
}
