//! Fits how often each worker is right, where tasks may grow or workers have to be good, and does
//! what the project says about those who are not.

use chrono::{DateTime, Utc};
use datacrowd_labelling::Labelling;

/// Fits one project after the other: a fit holds its project's answers in memory. How many workers were found to be wrong too
/// often.
///
/// # Errors
/// The database failed, or what it holds cannot be; projects before that one are fitted.
pub async fn run(core: &Labelling, now: DateTime<Utc>) -> anyhow::Result<u32> {
    let mut found = 0;
    for project in core.fitted_projects().await? {
        let sample = core.skill_sample(project).await?;
        let skills = tokio::task::spawn_blocking(move || sample.fit()).await??;
        core.skills_put(project, &skills, now).await?;
        let disqualified = core.workers_qualify(project, &skills, now).await?;
        found += disqualified;
        tracing::info!(project.id = %project, workers = skills.len(), disqualified, "skills are fitted");
    }
    Ok(found)
}
