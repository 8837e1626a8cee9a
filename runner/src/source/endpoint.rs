//! The way to a tenant's own object store. The tenant names it, and this pod dials it: so the host must be on
//! the installation's list, and the address that is dialled public or in a network of that list. Whatever is
//! refused is refused in the same words, or they would tell a tenant what there is in our network.

use std::{error::Error, fmt, net::SocketAddr, sync::Arc};

use datacrowd_job::halt::Halt;
use datacrowd_protocol::{endpoint::TenantEndpoints, run::RunReason};
use reqwest::{
    Url,
    dns::{Addrs, Name, Resolve, Resolving},
};
use url::Host;

use super::Keys;

/// Every address of a name is one that must not be dialled.
#[derive(Debug)]
struct Unlisted;

impl fmt::Display for Unlisted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the endpoint is not allowed")
    }
}

impl Error for Unlisted {}

/// Resolves names to what may be dialled. The connection goes to these very addresses: a name that has another
/// one a moment later is asked for again, and judged again.
#[derive(Clone)]
pub(super) struct Guard(Arc<TenantEndpoints>);

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let list = Arc::clone(&self.0);
        Box::pin(async move {
            // The caller knows the port.
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<SocketAddr> = found
                .filter(|address| list.allows_address(address.ip()))
                .collect();
            match allowed.is_empty() {
                true => Err(Unlisted.into()),
                false => Ok(Box::new(allowed.into_iter()) as Addrs),
            }
        })
    }
}

impl Guard {
    pub(super) fn new(list: TenantEndpoints) -> Self {
        Self(Arc::new(list))
    }

    /// The endpoint of the keys, without a slash at its end: AWS's of their region when they name none.
    pub(super) fn endpoint(keys: &Keys) -> Result<Option<String>, Halt> {
        // What stands here becomes part of a host's name.
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if keys.region.len() > 64 || !keys.region.chars().all(plain) {
            return Err(refused());
        }
        let Some(endpoint) = &keys.endpoint else {
            return Ok(None);
        };
        let endpoint = Url::parse(endpoint).map_err(|_| refused())?;
        let more = endpoint.query().is_some()
            || endpoint.fragment().is_some()
            || !endpoint.username().is_empty()
            || endpoint.password().is_some();
        match more {
            true => Err(refused()),
            false => Ok(Some(endpoint.as_str().trim_end_matches('/').to_owned())),
        }
    }

    /// Refuses a URL whose host is not on the list. Names are resolved, and addresses judged, when they are dialled;
    /// an address that stands in the URL is dialled without being resolved.
    pub(super) fn check(&self, url: &Url) -> Result<(), Halt> {
        let allowed = match url.host() {
            Some(Host::Domain(name)) => self.0.allows_host(name),
            Some(Host::Ipv4(address)) => self.allows_literal(address.into()),
            Some(Host::Ipv6(address)) => self.allows_literal(address.into()),
            None => false,
        };
        match allowed && matches!(url.scheme(), "http" | "https") {
            true => Ok(()),
            false => Err(refused()),
        }
    }

    fn allows_literal(&self, address: std::net::IpAddr) -> bool {
        self.0.allows_host(&address.to_string()) && self.0.allows_address(address)
    }
}

/// The one answer to everything that is not allowed.
pub(super) fn refused() -> Halt {
    Halt::failed(
        RunReason::SourceForbidden,
        "The Secret of source.credentialsSecretRef names an object store that this platform does not read; correct AWS_ENDPOINT_URL and AWS_REGION in it, or ask whoever runs the platform to list the endpoint in objectStore.tenantEndpoints.",
    )
}

/// The refusal, when it is what kept a request from being sent.
pub(super) fn refusal(error: &reqwest::Error) -> Option<Halt> {
    let mut cause = error.source();
    while let Some(error) = cause {
        if error.is::<Unlisted>() {
            return Some(refused());
        }
        cause = error.source();
    }
    None
}
