//! What a Job looks like. Pure: from a plan to an object.

mod volumes;

use std::collections::BTreeMap;

use datacrowd_crds::names::{ATTEMPT_LABEL, OPERATOR_MANAGER};
use datacrowd_protocol::{exit, ids::RunId};
use k8s_openapi::{
    api::{
        batch::v1::{
            Job, JobSpec, PodFailurePolicy, PodFailurePolicyOnExitCodesRequirement,
            PodFailurePolicyOnPodConditionsPattern, PodFailurePolicyRule,
        },
        core::v1::{
            Capabilities, Container, EnvVar, EnvVarSource, ObjectFieldSelector, PodSecurityContext,
            PodSpec, PodTemplateSpec, ResourceRequirements, SeccompProfile, SecretKeySelector,
            SecurityContext,
        },
    },
    apimachinery::pkg::{
        api::resource::Quantity,
        apis::meta::v1::{ObjectMeta, OwnerReference},
    },
};

use super::{JobTemplate, jobs::MANAGED_BY};
use crate::{context::Settings, managed::Identity};
use volumes::{mounts, volumes};

/// Name of the container, whatever runs in it: exit codes are read from it.
pub(crate) const CONTAINER: &str = "runner";
/// The user that the images are made for.
const RUNNER_USER: i64 = 65_532;
/// How often a Job starts another pod for one that failed.
const BACKOFF_LIMIT: i32 = 3;

/// What one attempt needs.
#[derive(Debug, Clone)]
pub(crate) struct Plan<'a> {
    /// The resource it works for.
    pub who: &'a Identity,
    /// The resource, as the Job's owner.
    pub owner: OwnerReference,
    /// What all attempts have in common.
    pub template: &'a JobTemplate,
    /// Number of the attempt.
    pub attempt: i32,
    /// The run it works on.
    pub run: RunId,
    /// Follows the attempt through the services.
    pub correlation: &'a str,
    /// The trace that the run is part of, if it is exported.
    pub traceparent: Option<String>,
    /// Queue label to hand on, with its value.
    pub queue: Option<(&'static str, &'a str)>,
}

/// `<name>-gen-<first 8 of the uid>-<attempt>`: no part of the spec, or an edit would start a second Job.
pub(crate) fn name(who: &Identity, mark: &str, attempt: i32) -> String {
    let uid = who.uid.simple().to_string();
    format!("{}-{mark}-{}-{attempt}", who.name, &uid[..8])
}

/// The Job of one attempt.
pub(crate) fn job(plan: &Plan<'_>, settings: &Settings) -> Job {
    let mut labels = labels(plan.template, plan.who, &settings.installation);
    labels.insert(ATTEMPT_LABEL.to_owned(), plan.attempt.to_string());
    let mut job_labels = labels.clone();
    if let Some((key, value)) = plan.queue {
        job_labels.insert(key.to_owned(), value.to_owned());
    }
    Job {
        metadata: ObjectMeta {
            name: Some(name(plan.who, plan.template.mark, plan.attempt)),
            namespace: Some(plan.who.namespace.clone()),
            labels: Some(job_labels),
            owner_references: Some(vec![plan.owner.clone()]),
            ..ObjectMeta::default()
        },
        spec: Some(JobSpec {
            backoff_limit: Some(BACKOFF_LIMIT),
            active_deadline_seconds: Some(plan.template.limits.deadline_seconds),
            pod_replacement_policy: Some("Failed".into()),
            pod_failure_policy: Some(failure_policy()),
            // A queue decides when it starts.
            suspend: plan.queue.map(|_| true),
            template: PodTemplateSpec {
                metadata: Some(ObjectMeta {
                    labels: Some(labels),
                    ..ObjectMeta::default()
                }),
                spec: Some(pod(
                    plan.template,
                    args(plan),
                    run_env(plan, settings),
                    Restart::Never,
                )),
            },
            ..JobSpec::default()
        }),
        status: None,
    }
}

/// The first three are the selector by which the chart's NetworkPolicies find the pods of one installation's Jobs.
pub(crate) fn labels(
    template: &JobTemplate,
    who: &Identity,
    installation: &str,
) -> BTreeMap<String, String> {
    [
        ("app.kubernetes.io/name", "datacrowd".to_owned()),
        ("app.kubernetes.io/instance", installation.to_owned()),
        ("app.kubernetes.io/component", template.component.to_owned()),
        ("app.kubernetes.io/part-of", "datacrowd".to_owned()),
        (MANAGED_BY, OPERATOR_MANAGER.to_owned()),
        (template.label, who.name.clone()),
    ]
    .map(|(key, value)| (key.to_owned(), value))
    .into()
}

/// A pod that was pushed aside does not count; a permanent exit code ends the Job at once.
fn failure_policy() -> PodFailurePolicy {
    PodFailurePolicy {
        rules: vec![
            PodFailurePolicyRule {
                action: "Ignore".into(),
                on_pod_conditions: Some(vec![PodFailurePolicyOnPodConditionsPattern {
                    type_: "DisruptionTarget".into(),
                    status: "True".into(),
                }]),
                ..PodFailurePolicyRule::default()
            },
            PodFailurePolicyRule {
                action: "FailJob".into(),
                on_exit_codes: Some(PodFailurePolicyOnExitCodesRequirement {
                    container_name: Some(CONTAINER.into()),
                    operator: "In".into(),
                    values: exit::PERMANENT.to_vec(),
                }),
                ..PodFailurePolicyRule::default()
            },
        ],
    }
}

/// What follows when a pod's program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Restart {
    /// Its Job decides.
    Never,
    /// It starts again.
    Always,
}

fn args(plan: &Plan<'_>) -> Vec<String> {
    vec![
        plan.template.command.into(),
        "--run-id".into(),
        plan.run.to_string(),
    ]
}

fn run_env(plan: &Plan<'_>, settings: &Settings) -> Vec<EnvVar> {
    env(
        plan.template,
        plan.correlation,
        plan.traceparent.as_deref(),
        settings,
    )
}

/// A pod without any secret of the platform.
pub(crate) fn pod(
    template: &JobTemplate,
    args: Vec<String>,
    env: Vec<EnvVar>,
    restart: Restart,
) -> PodSpec {
    PodSpec {
        restart_policy: Some(format!("{restart:?}")),
        // No access to the cluster's API; the projected token opens the platform's, and only that.
        automount_service_account_token: Some(false),
        enable_service_links: Some(false),
        security_context: Some(PodSecurityContext {
            run_as_non_root: Some(true),
            run_as_user: Some(RUNNER_USER),
            run_as_group: Some(RUNNER_USER),
            fs_group: Some(RUNNER_USER),
            seccomp_profile: Some(SeccompProfile {
                type_: "RuntimeDefault".into(),
                localhost_profile: None,
            }),
            ..PodSecurityContext::default()
        }),
        containers: vec![container(template, args, env)],
        volumes: Some(volumes(template)),
        ..PodSpec::default()
    }
}

fn container(template: &JobTemplate, args: Vec<String>, env: Vec<EnvVar>) -> Container {
    let limits = &template.limits;
    let resources = |pairs: &[(&str, &str)]| {
        let quantities = pairs
            .iter()
            .map(|(name, amount)| ((*name).to_owned(), Quantity((*amount).to_owned())));
        Some(quantities.collect())
    };
    Container {
        name: CONTAINER.into(),
        image: Some(template.image.clone()),
        args: Some(args),
        env: Some(env),
        resources: Some(ResourceRequirements {
            requests: resources(&[("cpu", limits.cpu), ("memory", limits.memory)]),
            limits: resources(&[("memory", limits.most_memory)]),
            ..ResourceRequirements::default()
        }),
        security_context: Some(SecurityContext {
            allow_privilege_escalation: Some(false),
            read_only_root_filesystem: Some(true),
            capabilities: Some(Capabilities {
                drop: Some(vec!["ALL".into()]),
                add: None,
            }),
            ..SecurityContext::default()
        }),
        termination_message_policy: Some("File".into()),
        volume_mounts: Some(mounts(template)),
        ..Container::default()
    }
}

/// What a pod of the platform's programs is told: where the platform is, and what ties its calls together.
pub(crate) fn env(
    template: &JobTemplate,
    correlation: &str,
    traceparent: Option<&str>,
    settings: &Settings,
) -> Vec<EnvVar> {
    let value = |name: &str, value: &str| EnvVar {
        name: name.into(),
        value: Some(value.into()),
        value_from: None,
    };
    let mut env = vec![
        value("DATACROWD_INTERNAL_URL", &settings.runner_internal_url),
        value("DATACROWD_CORRELATION_ID", correlation),
        EnvVar {
            name: "POD_UID".into(),
            value: None,
            value_from: Some(EnvVarSource {
                field_ref: Some(ObjectFieldSelector {
                    api_version: Some("v1".into()),
                    field_path: "metadata.uid".into(),
                }),
                ..EnvVarSource::default()
            }),
        },
    ];
    let traced = [
        (
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            settings.otlp_endpoint.as_deref(),
        ),
        ("TRACEPARENT", traceparent),
    ];
    env.extend(
        traced
            .iter()
            .filter_map(|(name, text)| Some(value(name, (*text)?))),
    );
    if let Some(secret) = &template.secret {
        let endpoints = settings.tenant_endpoints.to_string();
        env.push(value("DATACROWD_TENANT_ENDPOINTS", &endpoints));
        env.extend(credentials(secret));
    }
    env
}

/// Credentials of a tenant's own bucket go from its Secret into its pod; we never see them.
fn credentials(secret: &str) -> impl Iterator<Item = EnvVar> {
    let keys = [
        ("AWS_ACCESS_KEY_ID", false),
        ("AWS_SECRET_ACCESS_KEY", false),
        ("AWS_ENDPOINT_URL", true),
        ("AWS_REGION", true),
    ];
    keys.into_iter().map(move |(key, optional)| EnvVar {
        name: key.into(),
        value: None,
        value_from: Some(EnvVarSource {
            secret_key_ref: Some(SecretKeySelector {
                name: secret.to_owned(),
                key: key.into(),
                optional: optional.then_some(true),
            }),
            ..EnvVarSource::default()
        }),
    })
}

#[cfg(test)]
mod tests;
