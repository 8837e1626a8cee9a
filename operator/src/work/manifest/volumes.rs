//! What a pod finds on its disk: its token, and where the template asks for it, room to write. Pure.

use datacrowd_protocol::names::{RUNNER_TOKEN_AUDIENCE, RUNNER_TOKEN_PATH};
use k8s_openapi::{
    api::core::v1::{
        EmptyDirVolumeSource, ProjectedVolumeSource, ServiceAccountTokenProjection, Volume,
        VolumeMount, VolumeProjection,
    },
    apimachinery::pkg::api::resource::Quantity,
};

use super::JobTemplate;

/// Name of the volume with the pod's token.
const TOKEN_VOLUME: &str = "datacrowd-token";
/// Name of the volume that a program may write to.
const SCRATCH_VOLUME: &str = "scratch";

/// What the pods of a template have at hand.
pub(super) fn volumes(template: &JobTemplate) -> Vec<Volume> {
    let scratch = template.scratch.map(|most| Volume {
        name: SCRATCH_VOLUME.into(),
        empty_dir: Some(EmptyDirVolumeSource {
            size_limit: Some(Quantity(most.into())),
            medium: None,
        }),
        ..Volume::default()
    });
    std::iter::once(token_volume()).chain(scratch).collect()
}

/// Where the container finds it.
pub(super) fn mounts(template: &JobTemplate) -> Vec<VolumeMount> {
    let token = VolumeMount {
        name: TOKEN_VOLUME.into(),
        mount_path: token_file().0.into(),
        read_only: Some(true),
        ..VolumeMount::default()
    };
    let scratch = template.scratch.map(|_| VolumeMount {
        name: SCRATCH_VOLUME.into(),
        mount_path: "/tmp".into(),
        ..VolumeMount::default()
    });
    std::iter::once(token).chain(scratch).collect()
}

fn token_volume() -> Volume {
    let token = ServiceAccountTokenProjection {
        audience: Some(RUNNER_TOKEN_AUDIENCE.into()),
        expiration_seconds: Some(3600),
        path: token_file().1.into(),
    };
    Volume {
        name: TOKEN_VOLUME.into(),
        projected: Some(ProjectedVolumeSource {
            sources: Some(vec![VolumeProjection {
                service_account_token: Some(token),
                ..VolumeProjection::default()
            }]),
            ..ProjectedVolumeSource::default()
        }),
        ..Volume::default()
    }
}

/// Folder and file name of the pod's token.
fn token_file() -> (&'static str, &'static str) {
    RUNNER_TOKEN_PATH
        .rsplit_once('/')
        .expect("the path is absolute")
}
