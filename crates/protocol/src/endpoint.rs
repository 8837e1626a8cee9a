//! Which object stores the platform reads for tenants: patterns of hosts, and networks that are not public.
//!
//! A tenant's Secret names the endpoint of its own bucket, and a pod of the platform dials it. Without a
//! list, that is a door to whatever the pod's network reaches: the cloud's metadata, the node, the
//! neighbours. No I/O; who dials asks here about the very address.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// What is allowed when an installation says nothing: AWS.
pub const DEFAULT_TENANT_ENDPOINTS: &str = "*.amazonaws.com,*.amazonaws.com.cn";

/// The list of an installation: hosts (`s3.example.com`, `*.example.com`) and networks (`10.96.0.0/12`),
/// separated by commas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantEndpoints {
    hosts: Vec<HostPattern>,
    networks: Vec<IpNet>,
}

/// An entry that is neither a host pattern nor a network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantEndpointsError(String);

impl fmt::Display for TenantEndpointsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "\"{}\" is neither a host, as in s3.example.com or *.example.com, nor a network, as in 10.96.0.0/12",
            self.0
        )
    }
}

impl std::error::Error for TenantEndpointsError {}

#[derive(Debug, Clone, PartialEq, Eq)]
enum HostPattern {
    /// This host.
    Exactly(String),
    /// Every name below; begins with a dot.
    Below(String),
}

impl Default for TenantEndpoints {
    fn default() -> Self {
        DEFAULT_TENANT_ENDPOINTS
            .parse()
            .expect("the default is a list of patterns")
    }
}

impl FromStr for TenantEndpoints {
    type Err = TenantEndpointsError;

    fn from_str(list: &str) -> Result<Self, Self::Err> {
        let mut endpoints = Self {
            hosts: Vec::new(),
            networks: Vec::new(),
        };
        for entry in list.split(',').map(str::trim).filter(|e| !e.is_empty()) {
            let wrong = || TenantEndpointsError(entry.to_owned());
            if entry.contains('/') {
                endpoints.networks.push(entry.parse().map_err(|_| wrong())?);
            } else {
                endpoints.hosts.push(pattern(entry).ok_or_else(wrong)?);
            }
        }
        Ok(endpoints)
    }
}

/// As `FromStr` takes it.
impl fmt::Display for TenantEndpoints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hosts = self.hosts.iter().map(|host| match host {
            HostPattern::Exactly(host) => host.clone(),
            HostPattern::Below(domain) => format!("*{domain}"),
        });
        let networks = self.networks.iter().map(ToString::to_string);
        f.write_str(&hosts.chain(networks).collect::<Vec<_>>().join(","))
    }
}

fn pattern(entry: &str) -> Option<HostPattern> {
    let entry = entry.to_ascii_lowercase();
    if entry.parse::<IpAddr>().is_ok() {
        return Some(HostPattern::Exactly(entry));
    }
    let domain = entry.strip_prefix("*.").unwrap_or(&entry);
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    };
    if !domain.split('.').all(is_label) {
        return None;
    }
    Some(match domain == entry {
        true => HostPattern::Exactly(entry),
        false => HostPattern::Below(format!(".{domain}")),
    })
}

impl TenantEndpoints {
    /// Whether a host, a name or an address as text, is on the list.
    #[must_use]
    pub fn allows_host(&self, host: &str) -> bool {
        // A dot at the end names the same host.
        let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let listed = self.hosts.iter().any(|pattern| match pattern {
            HostPattern::Exactly(listed) => listed == host,
            HostPattern::Below(domain) => {
                host.ends_with(domain.as_str()) && host.len() > domain.len()
            }
        });
        listed || host.parse().is_ok_and(|address| self.lists(address))
    }

    /// Whether an address may be dialled: it is public, or in a network of the list.
    #[must_use]
    pub fn allows_address(&self, address: IpAddr) -> bool {
        is_public(address) || self.lists(address)
    }

    fn lists(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.networks
            .iter()
            .any(|network| network.contains(&address))
    }
}

/// Networks that lead nowhere in the internet, or to something special, by IANA's registries of special-purpose
/// addresses; and one that clouds serve their machines from.
const SPECIAL_V4: [(Ipv4Addr, u8); 18] = [
    (Ipv4Addr::UNSPECIFIED, 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    // Shared by providers, and by clusters for their pods; metadata of Alibaba Cloud.
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    // Link-local: the metadata of most clouds.
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    // Azure's own address towards its machines.
    (Ipv4Addr::new(168, 63, 129, 16), 32),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    // Also the metadata of Oracle Cloud.
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 31, 196, 0), 24),
    (Ipv4Addr::new(192, 52, 193, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(192, 175, 48, 0), 24),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    // Multicast, reserved and broadcast.
    (Ipv4Addr::new(224, 0, 0, 0), 3),
];

/// As above, inside the one block of global unicast addresses.
const SPECIAL_V6: [(Ipv6Addr, u8); 3] = [
    // Protocol assignments: Teredo, benchmarks, ORCHID.
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => !SPECIAL_V4.iter().any(|(network, length)| {
            Ipv4Net::new(*network, *length).is_ok_and(|n| n.contains(&address))
        }),
        IpAddr::V6(address) => match embedded(address) {
            Some(inner) => is_public(inner.into()),
            None => {
                let global = address.segments()[0] & 0xe000 == 0x2000;
                let special = SPECIAL_V6.iter().any(|(network, length)| {
                    Ipv6Net::new(*network, *length).is_ok_and(|n| n.contains(&address))
                });
                global && !special
            }
        },
    }
}

/// The address behind one that a gateway translates: NAT64 (`64:ff9b::/96`) and 6to4 (`2002::/16`).
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [a, b, c, d, e, f, high, low] = address.segments();
    let v4 = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match [a, b, c, d, e, f] {
        [0x64, 0xff9b, 0, 0, 0, 0] => Some(v4(high, low)),
        [0x2002, high, low, ..] => Some(v4(high, low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
