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

/// Whether a name could be what a tenant knows a worker by: `w-` and sixteen hexadecimal digits, in any case of
/// letters. Nobody's username is one, or whoever names a worker would mean somebody else.
#[must_use]
pub fn is_like_pseudonym(name: &str) -> bool {
    let digits = name
        .strip_prefix(['w', 'W'])
        .and_then(|n| n.strip_prefix('-'));
    digits.is_some_and(|digits| digits.len() == 16 && digits.bytes().all(|b| b.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::is_like_pseudonym;

    #[test]
    fn pseudonyms_are_told_from_names() {
        for (name, like) in [
            ("w-3f2a9c0d11e4b7a6", true),
            ("W-3F2A9C0D11E4B7A6", true),
            ("w-3f2a9c0d11e4b7a", false),
            ("w-3f2a9c0d11e4b7a6f", false),
            ("w-3f2a9c0d11e4b7ag", false),
            ("w_3f2a9c0d11e4b7a6", false),
            ("wanda", false),
        ] {
            assert_eq!(is_like_pseudonym(name), like, "{name}");
        }
    }
}
