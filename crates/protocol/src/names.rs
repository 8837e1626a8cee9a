//! Names that more than one binary must spell alike.

/// Header that carries the shared secret of trusted internal callers.
pub const INTERNAL_TOKEN_HEADER: &str = "x-internal-token";
/// Header that names the run a chunk belongs to.
pub const RUN_ID_HEADER: &str = "x-run-id";
/// Header with the epoch under which a chunk was cut.
pub const EPOCH_HEADER: &str = "x-epoch";
/// Header that follows one request through every service.
pub const CORRELATION_HEADER: &str = "x-correlation-id";
/// Audience of the projected ServiceAccount token that a runner pod presents.
pub const RUNNER_TOKEN_AUDIENCE: &str = "datacrowd-internal";
/// Where that token is mounted in the runner's pod.
pub const RUNNER_TOKEN_PATH: &str = "/var/run/secrets/datacrowd/token";
/// Namespace label that binds a namespace to a tenant.
pub const TENANT_LABEL: &str = "datacrowd.io/tenant";
/// Annotation of a namespace that the platform made: which founding of a tenant it was made for.
pub const FOUNDING: &str = "datacrowd.io/founding";
/// Seconds after its last call for which a runner counts as alive.
pub const RUN_HOLDER_ALIVE_SECONDS: i64 = 30;
