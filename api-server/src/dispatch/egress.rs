//! Where webhooks may lead: anywhere but inside. The address is judged after the name was resolved, when the connection is made, so
//! that no name can change its mind in between.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
};

use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::Host;

/// An address that is not for the public.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Refused {
    host: String,
    address: IpAddr,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, address } = self;
        write!(
            f,
            "{host} is at {address}, which is no public address; give the endpoint a public one, or have the operator allow this network."
        )
    }
}

/// What may be reached.
#[derive(Debug, Clone, Default)]
pub struct Egress {
    /// Networks inside that may be reached nevertheless.
    allowed: Arc<[IpNet]>,
}

impl Egress {
    /// Everything public, and these networks.
    #[must_use]
    pub fn new(allowed: &[IpNet]) -> Self {
        Self {
            allowed: allowed.into(),
        }
    }

    /// Whether a connection to this address may be made.
    #[must_use]
    pub fn admits(&self, address: IpAddr) -> bool {
        let plain = address.to_canonical();
        let allowed = |ip| self.allowed.iter().any(|net| net.contains(ip));
        allowed(&plain) || allowed(&address) || is_public(address)
    }

    /// Judges an address that stands in the URL itself: nobody resolves it.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn check_literal(&self, host: Option<&Host<&str>>) -> Result<(), Refused> {
        let address = match host {
            Some(Host::Ipv4(address)) => IpAddr::V4(*address),
            Some(Host::Ipv6(address)) => IpAddr::V6(*address),
            Some(Host::Domain(_)) | None => return Ok(()),
        };
        self.check("The host", address)
    }

    fn check(&self, host: &str, address: IpAddr) -> Result<(), Refused> {
        match self.admits(address) {
            true => Ok(()),
            false => Err(Refused {
                host: host.to_owned(),
                address,
            }),
        }
    }
}

impl Resolve for Egress {
    /// One address that is not public refuses the name: whoever names both tries something.
    fn resolve(&self, name: Name) -> Resolving {
        let egress = self.clone();
        Box::pin(async move {
            let host = name.as_str();
            let found: Vec<SocketAddr> = tokio::net::lookup_host((host, 0)).await?.collect();
            for address in &found {
                egress.check(host, address.ip())?;
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// Whether an address is for the public, by IANA's registries of special-purpose addresses.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = match (a, b, c) {
        // "This" network; private; loopback; reserved, and the limited broadcast.
        (0 | 10 | 127 | 240..=255, ..) => true,
        // Shared by carriers.
        (100, 64..=127, _) => true,
        // Link-local, where clouds keep their metadata.
        (169, 254, _) => true,
        (172, 16..=31, _) => true,
        // Protocol assignments; documentation; 6to4 relays.
        (192, 0, 0 | 2) | (192, 88, 99) => true,
        (192, 168, _) => true,
        // Benchmarks; documentation.
        (198, 18 | 19, _) | (198, 51, 100) | (203, 0, 113) => true,
        // Multicast.
        (224..=239, ..) => true,
        _ => false,
    };
    !special
}

/// Only global unicast is public, and of that nothing that holds, or leads to, an address of version 4.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, c, ..] = address.segments();
    let global = (0x2000..=0x3fff).contains(&a);
    let special = match (a, b, c) {
        // Protocol assignments, with Teredo, benchmarks and ORCHID.
        (0x2001, 0..=0x01ff, _) => true,
        // Documentation, twice.
        (0x2001, 0x0db8, _) | (0x3fff, 0..=0x0fff, _) => true,
        // 6to4.
        (0x2002, ..) => true,
        _ => false,
    };
    global && !special
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::*;

    /// Each is refused, in whatever spelling a URL may have it.
    const REFUSED: &[&str] = &[
        "127.0.0.1",
        "127.1",
        "127.255.255.254",
        "0177.0.0.1",
        "0x7f.0.0.1",
        "0x7f000001",
        "2130706433",
        "017700000001",
        "0.0.0.0",
        "0",
        "10.0.0.1",
        "10.255.255.255",
        "100.64.0.1",
        "100.127.255.255",
        "169.254.169.254",
        "0xa9fea9fe",
        "2852039166",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.8",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.7",
        "203.0.113.9",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "１２７.０.０.１",
        "[::]",
        "[::1]",
        "[0:0:0:0:0:0:0:1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::ffff:10.0.0.1]",
        "[::ffff:169.254.169.254]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[64:ff9b::10.0.0.1]",
        "[64:ff9b:1::1]",
        "[100::1]",
        "[2001::1]",
        "[2001:2::1]",
        "[2001:10::1]",
        "[2001:20::1]",
        "[2001:db8::1]",
        "[3fff::1]",
        "[2002:7f00:1::]",
        "[2002:a00:1::1]",
        "[5f00::1]",
        "[fc00::1]",
        "[fd12:3456:789a::1]",
        "[fe80::1]",
        "[fec0::1]",
        "[ff02::1]",
        "[ff0e::1]",
    ];
    const ADMITTED: &[&str] = &[
        "1.1.1.1",
        "8.8.8.8",
        "100.63.255.255",
        "100.128.0.1",
        "172.15.255.255",
        "172.32.0.1",
        "192.0.1.1",
        "192.167.255.255",
        "198.17.255.255",
        "198.20.0.1",
        "223.255.255.255",
        "[2606:4700:4700::1111]",
        "[2a00:1450:4001::1]",
        "[2001:4860:4860::8888]",
    ];

    fn check(egress: &Egress, host: &str) -> Result<(), Refused> {
        let url = Url::parse(&format!("https://{host}/hook")).unwrap();
        let host = url.host();
        assert!(!matches!(host, Some(Host::Domain(_))), "{url}");
        egress.check_literal(host.as_ref())
    }

    #[test]
    fn nothing_inside_is_reached_in_any_spelling() {
        let egress = Egress::default();
        for host in REFUSED {
            assert!(check(&egress, host).is_err(), "{host}");
        }
        for host in ADMITTED {
            assert_eq!(check(&egress, host), Ok(()), "{host}");
        }
    }

    #[test]
    fn a_network_that_is_allowed_is_reached_and_no_other() {
        let egress = Egress::new(&["10.1.0.0/16".parse().unwrap()]);
        for host in ["10.1.2.3", "[::ffff:10.1.2.3]"] {
            assert_eq!(check(&egress, host), Ok(()), "{host}");
        }
        for host in ["10.2.0.1", "[64:ff9b::10.1.2.3]", "127.0.0.1"] {
            assert!(check(&egress, host).is_err(), "{host}");
        }
    }

    #[tokio::test]
    async fn a_name_is_judged_by_where_it_leads() {
        let name = || "localhost".parse::<Name>().unwrap();
        let refused = Egress::default().resolve(name()).await.err().unwrap();
        assert!(refused.downcast_ref::<Refused>().is_some(), "{refused}");
        let loopback = ["127.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()];
        assert!(Egress::new(&loopback).resolve(name()).await.is_ok());
    }
}
