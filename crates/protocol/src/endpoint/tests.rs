//! Which endpoints a tenant may name, and which addresses are dialled.

use super::*;

fn list(text: &str) -> TenantEndpoints {
    text.parse().unwrap()
}

#[test]
fn without_a_word_aws_is_allowed_and_nothing_else() {
    let aws = TenantEndpoints::default();
    for host in [
        "s3.eu-central-1.amazonaws.com",
        "bucket.s3.us-east-1.amazonaws.com",
        "S3.AMAZONAWS.COM",
        "s3.cn-north-1.amazonaws.com.cn",
        "s3.amazonaws.com.",
    ] {
        assert!(aws.allows_host(host), "{host}");
    }
    for host in [
        "amazonaws.com",
        ".amazonaws.com",
        "evilamazonaws.com",
        "s3.amazonaws.com.evil.example",
        "localhost",
        "metadata.google.internal",
        "52.216.0.1",
        "127.0.0.1",
        "[::1]",
        "",
    ] {
        assert!(!aws.allows_host(host), "{host}");
    }
}

#[test]
fn what_is_listed_is_allowed_by_name_and_by_network() {
    let listed = list("minio.storage.svc, *.Example.com, 203.0.113.7, 10.96.0.0/12, fd00:1::/32");
    for host in [
        "minio.storage.svc",
        "a.b.example.com",
        "203.0.113.7",
        "10.96.3.4",
        "[fd00:1::5]",
        "::ffff:10.96.3.4",
    ] {
        assert!(listed.allows_host(host), "{host}");
    }
    for host in [
        "x.minio.storage.svc",
        "example.com",
        "10.0.0.1",
        "[fd00:2::5]",
    ] {
        assert!(!listed.allows_host(host), "{host}");
    }
    assert_eq!(list(&listed.to_string()), listed);
    assert!(list("").hosts.is_empty(), "a list may allow nobody");
}

#[test]
fn an_entry_that_means_nothing_is_named() {
    for wrong in [
        "https://s3.example.com",
        "s3.example.com:9000",
        "*",
        "s3.*.example.com",
        "a..b",
        "10.0.0.0/33",
        "10.0.0.0/8/8",
        "-a.example",
        "user@example.com",
    ] {
        let refused = format!("ok.example,{wrong}").parse::<TenantEndpoints>();
        let message = refused.unwrap_err().to_string();
        assert!(message.starts_with(&format!("\"{wrong}\"")), "{message}");
    }
}

#[test]
fn no_address_of_a_special_use_is_dialled_unless_its_network_is_listed() {
    let special = [
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "100.100.100.200",
        "127.0.0.1",
        "127.255.255.254",
        "169.254.169.254",
        "168.63.129.16",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.192",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.1.1.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "::127.0.0.1",
        "::10.0.0.1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b::7f00:1",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::1",
        "2002:a9fe:a9fe::1",
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fec0::1",
        "ff02::1",
        "4000::1",
    ];
    let aws = TenantEndpoints::default();
    let everything = list("0.0.0.0/0,::/0");
    for address in special {
        let address: IpAddr = address.parse().unwrap();
        assert!(!aws.allows_address(address), "{address}");
        assert!(everything.allows_address(address), "{address}");
    }
    let loopback = list("127.0.0.0/8");
    assert!(loopback.allows_address("127.0.0.1".parse().unwrap()));
    assert!(loopback.allows_address("::ffff:127.0.0.1".parse().unwrap()));
    assert!(!loopback.allows_address("::1".parse().unwrap()));
    assert!(!loopback.allows_address("169.254.169.254".parse().unwrap()));
}

#[test]
fn public_addresses_are_dialled() {
    let aws = TenantEndpoints::default();
    for address in [
        "1.1.1.1",
        "9.255.255.255",
        "11.0.0.0",
        "52.216.0.1",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.0",
        "168.63.129.15",
        "172.15.255.255",
        "172.32.0.0",
        "192.167.255.255",
        "223.255.255.255",
        "2600:1f18::1",
        "2a00:1450:4001::1",
        "64:ff9b::34d8:1",
        "::ffff:52.216.0.1",
        "2002:34d8:1::1",
    ] {
        assert!(aws.allows_address(address.parse().unwrap()), "{address}");
    }
}
