//! What is done about a valid Export.

use std::time::Duration;

use datacrowd_crds::{
    Export,
    condition::{Phase, Reason, Verdict},
    names::EXPORT_LABEL,
};
use datacrowd_protocol::internal::{ExportState, ExportView};
use kube::runtime::controller::Action;

use super::{build, validate::Valid};
use crate::{
    context::Context,
    error::Error,
    managed::Pass,
    run::{self, Attempts},
    tenancy,
};

pub(super) async fn apply(
    ctx: &Context,
    pass: Pass<Export>,
    valid: Valid,
) -> Result<Action, Error> {
    let body = build::upsert(&pass, valid.tenant);
    let view = match ctx.platform.export(&body, &pass.correlation).await {
        Ok(view) => view,
        Err(error) => {
            let verdict = run::refused(&error.refusal()?);
            let tenant = Some(body.tenant.as_str());
            return tenancy::unaccepted(ctx, pass, tenant, verdict, Some(EXPORT_LABEL)).await;
        }
    };
    let attempts = Attempts::new(ctx, pass, &view, valid.policy);
    match verdict(&view) {
        Some(done) if done.phase == Phase::Done => attempts.done(done, until(ctx, &view)).await,
        Some(waiting) => attempts.rest(waiting, ctx.poll()).await,
        None => attempts.advance().await,
    }
}

/// What the platform's view says by itself, without a look at Jobs.
fn verdict(view: &ExportView) -> Option<Verdict> {
    match view.state {
        ExportState::Ready => Some(Verdict::new(
            Phase::Done,
            Reason::Exported,
            "The file is written; download it before it expires.",
        )),
        // Ready stays true: the export did what it was asked for.
        ExportState::Expired => Some(Verdict::new(
            Phase::Done,
            Reason::Expired,
            "The file's time is over and it was removed; apply another Export.",
        )),
        ExportState::Pending if !view.due => Some(Verdict::new(
            Phase::Waiting,
            Reason::AwaitingCompletion,
            view.waiting_for.as_ref().map_or_else(
                || {
                    "The Export is taken when its Datasets are completed or the Project is closed."
                        .into()
                },
                |what| format!("The Export waits for {what}; it goes on by itself."),
            ),
        )),
        ExportState::Pending | ExportState::Running | ExportState::Failed => None,
    }
}

/// The next look at a finished export: when the file expires, or sooner.
fn until(ctx: &Context, view: &ExportView) -> Action {
    let left = view
        .expires_at
        .map(|at| at.timestamp() - ctx.now().0.as_second());
    match left.and_then(|left| u64::try_from(left).ok()) {
        Some(left) if left < 300 => Action::requeue(Duration::from_secs(left.max(5) + 5)),
        _ => ctx.settled(false),
    }
}
