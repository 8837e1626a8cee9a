//! A Project's status from the platform's view. Pure; every field is written every time.

use datacrowd_crds::{
    Project, ProjectStatus,
    project::{BillingSummary, QualitySummary, TaskSummary},
};
use datacrowd_protocol::internal::{Billing, ProjectView, TaskCounts};

pub(super) fn status(project: &Project, tenant: String, view: &ProjectView) -> ProjectStatus {
    let old = project.status.clone().unwrap_or_default();
    let Billing {
        status,
        quota,
        used,
        debt,
    } = view.billing;
    let TaskCounts {
        total,
        approved,
        rejected,
        starved,
    } = view.tasks;
    ProjectStatus {
        id: Some(view.id.to_string()),
        tenant: Some(tenant),
        state: Some(view.state),
        labeling_version: Some(view.labeling_version),
        billing: Some(BillingSummary {
            status,
            quota,
            used,
            debt,
        }),
        datasets: Some(view.datasets),
        tasks: Some(TaskSummary {
            total,
            approved,
            rejected,
            starved,
        }),
        // In hundredths: a third digit would be written for nothing.
        quality: view.quality.map(|quality| QualitySummary {
            agreement: quality.agreement.map(|share| format!("{share:.2}")),
            confidence: format!("{:.2}", quality.confidence),
        }),
        // Set when it is written.
        observed_generation: old.observed_generation,
        conditions: old.conditions,
    }
}
