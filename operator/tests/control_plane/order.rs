//! An operator that comes before its definitions leads nothing and says why; when they come, it goes on.

use std::{process::Stdio, time::Duration};

use datacrowd_testkit::eventually;
use k8s_openapi::api::coordination::v1::Lease;
use kube::{
    Api, Client, Config,
    config::{KubeConfigOptions, Kubeconfig},
};
use tokio::{net::TcpListener, process::Command, time::sleep};

use super::{platform::TOKEN, world::install_crds};

/// Longest wait for what must come.
const SOON: Duration = Duration::from_secs(30);
/// Longer than a replica waits for a lease that nobody holds.
const LEASE_TIMEOUT: Duration = Duration::from_secs(5);

#[tokio::test]
async fn an_operator_before_its_definitions_waits_and_says_for_what() {
    let path = std::env::var("TEST_BARE_KUBECONFIG")
        .expect("TEST_BARE_KUBECONFIG must name a control plane without our definitions");
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (kubeconfig, options) = (Kubeconfig::read_from(&path), KubeConfigOptions::default());
    let config = Config::from_custom_kubeconfig(kubeconfig.unwrap(), &options).await;
    let client = Client::try_from(config.unwrap()).unwrap();
    let leases: Api<Lease> = Api::namespaced(client.clone(), "default");
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let admin = free.local_addr().unwrap().to_string();
    drop(free);
    let _operator = Command::new(env!("CARGO_BIN_EXE_datacrowd-operator"))
        .env("KUBECONFIG", &path)
        .env("DATACROWD_INTERNAL_URL", "http://127.0.0.1:1")
        .env("DATACROWD_INTERNAL_TOKEN", TOKEN)
        .env("DATACROWD_BUCKET", "datacrowd")
        .env("DATACROWD_RUNNER_IMAGE", "runner:test")
        .env("DATACROWD_INFERENCE_IMAGE", "inference:test")
        .env("DATACROWD_ADMIN_LISTEN", &admin)
        .env("DATACROWD_LEASE_NAMESPACE", "default")
        .env("POD_NAME", "early")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();

    let ready = async || {
        let answer = reqwest::get(format!("http://{admin}/readyz")).await.ok()?;
        Some((answer.status().as_u16(), answer.text().await.ok()?))
    };
    let lacking = "the cluster does not serve the resources as this version expects; \
                   install or upgrade the chart datacrowd-crds";
    assert_eq!(eventually(SOON, ready).await, (503, lacking.to_owned()));
    sleep(LEASE_TIMEOUT).await;
    assert!(
        leases
            .get_opt("datacrowd-operator")
            .await
            .unwrap()
            .is_none()
    );

    install_crds(&client).await;
    let at_work = async || ready().await.filter(|(status, _)| *status == 200);
    eventually(SOON, at_work).await;
    let leads = async || leases.get_opt("datacrowd-operator").await.unwrap();
    eventually(SOON, leads).await;
}
