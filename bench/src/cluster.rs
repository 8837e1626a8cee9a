//! The control plane, with our definitions.

use std::time::Duration;

use anyhow::{Context, Result};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::{
    Api, Client,
    api::{Patch, PatchParams},
};

use crate::platform::env;

/// The control plane in `TEST_KUBECONFIG`.
pub async fn connect() -> Result<Client> {
    let config = kube::Config::from_custom_kubeconfig(
        kube::config::Kubeconfig::read_from(env("TEST_KUBECONFIG")?)?,
        &kube::config::KubeConfigOptions::default(),
    )
    .await?;
    Ok(Client::try_from(config)?)
}

/// Installs the definitions.
pub async fn install_resources(cluster: &Client) -> Result<()> {
    let api: Api<CustomResourceDefinition> = Api::all(cluster.clone());
    for (_, crd) in datacrowd_crds::manifest::definitions() {
        let name = crd.metadata.name.clone().context("a type without a name")?;
        let params = PatchParams::apply("bench").force();
        api.patch(&name, &params, &Patch::Apply(&crd)).await?;
        let established = kube::runtime::wait::await_condition(
            api.clone(),
            &name,
            kube::runtime::conditions::is_crd_established(),
        );
        tokio::time::timeout(Duration::from_secs(30), established).await??;
    }
    Ok(())
}
