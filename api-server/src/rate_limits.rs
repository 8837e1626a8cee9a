//! How many requests per second one address and one account may send to one replica. Counts are kept in memory, so
//! several replicas allow as many times more.

use std::{
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
};

use datacrowd_protocol::ids::UserId;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter, clock::Clock};

use crate::error::{ApiError, ApiResult, Code};

/// Seconds' worth of requests that may come at once.
const BURST_SECONDS: u32 = 2;

/// Counts requests by who sends them.
#[derive(Debug)]
pub struct RateLimits {
    addresses: Option<DefaultKeyedRateLimiter<IpAddr>>,
    accounts: Option<DefaultKeyedRateLimiter<UserId>>,
}

impl RateLimits {
    /// Requests per second from one address and of one account; 0 sets no limit.
    #[must_use]
    pub fn new(per_address: u32, per_account: u32) -> Self {
        Self {
            addresses: quota(per_address).map(RateLimiter::dashmap),
            accounts: quota(per_account).map(RateLimiter::dashmap),
        }
    }

    /// Whether this account may ask now.
    pub fn account(&self, user: UserId) -> ApiResult<()> {
        check(self.accounts.as_ref(), &user)
    }

    /// Whether this address may ask now.
    pub fn address(&self, address: IpAddr) -> ApiResult<()> {
        check(self.addresses.as_ref(), &network(address))
    }

    /// Forgets who has been quiet.
    pub fn forget_idle(&self) {
        if let Some(addresses) = &self.addresses {
            addresses.retain_recent();
        }
        if let Some(accounts) = &self.accounts {
            accounts.retain_recent();
        }
    }
}

fn quota(per_second: u32) -> Option<Quota> {
    let per_second = NonZeroU32::new(per_second)?;
    let burst = per_second.saturating_mul(NonZeroU32::new(BURST_SECONDS)?);
    Some(Quota::per_second(per_second).allow_burst(burst))
}

fn check<K: std::hash::Hash + Eq + Clone>(
    limiter: Option<&DefaultKeyedRateLimiter<K>>,
    key: &K,
) -> ApiResult<()> {
    let Some(limiter) = limiter else {
        return Ok(());
    };
    limiter.check_key(key).map_err(|until| {
        let wait = until.wait_time_from(limiter.clock().now());
        let seconds = i64::try_from(wait.as_secs()).unwrap_or(i64::MAX - 1) + 1;
        ApiError::filled(Code::RateLimited, &[&seconds]).retry_after(seconds)
    })
}

/// A client may choose among the addresses of its IPv6 network, so they count as one.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX)).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_addresses_of_one_ipv6_network_share_their_limit() {
        let limits = RateLimits::new(1, 0);
        let from = |text: &str| limits.address(text.parse().unwrap()).is_ok();
        assert!(from("2001:db8::1") && from("2001:db8::2"));
        assert!(!from("2001:db8::3"), "the burst is two");
        assert!(from("2001:db8:0:1::1"));
        assert!(from("203.0.113.1"));
    }
}
