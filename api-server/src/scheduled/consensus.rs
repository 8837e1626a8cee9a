//! Fits how often each worker is right, where tasks may grow, workers have to be good or gold is mixed in, and does
//! what the project says about those who are not.

use chrono::{DateTime, Utc};
use datacrowd_labelling::{Fitted, Labelling};

/// Fits one project after the other: a fit holds its project's answers in memory. One of which nothing changed since its last fit is
/// left as it is. How many workers were found to be wrong too
/// often.
///
/// # Errors
/// The database failed, or what it holds cannot be; projects before that one are fitted.
pub async fn run(core: &Labelling, now: DateTime<Utc>) -> anyhow::Result<u32> {
    let mut found = 0;
    for project in core.fitted_projects().await? {
        let sample = core.skill_sample(project).await?;
        let made_of = core.fit_made_of(project, sample.as_ref()).await?;
        if core.fit_stands(project, made_of, now).await? {
            tracing::debug!(project.id = %project, "nothing changed since the last fit");
            continue;
        }
        let fitted = match sample {
            Some(sample) => tokio::task::spawn_blocking(move || sample.fit()).await??,
            None => Fitted::default(),
        };
        let skills = core.fit_put(project, &fitted, now).await?;
        let disqualified = core.workers_qualify(project, &skills, now).await?;
        core.fit_done(project, made_of, now).await?;
        found += disqualified;
        tracing::info!(project.id = %project, workers = skills.len(), disqualified, "skills are fitted");
    }
    Ok(found)
}
