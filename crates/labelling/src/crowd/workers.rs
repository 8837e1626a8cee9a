//! Who is on a project's list or answered in it.

use chrono::{DateTime, Utc};
use datacrowd_protocol::{
    WireEnum,
    ids::{ProjectId, TenantId, UserId},
    labeling::QualificationAction,
    work::Membership,
};

use super::pseudonyms::name_crowd;
use crate::{
    Error, Labelling, Page, Refusal, Result,
    projects::{find, from_column},
};

/// A worker as a project's owner sees them: no name, but the pseudonym that exports carry.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "named after the contract")]
pub struct Worker {
    pub pseudonym: String,
    /// Its name, where it is a model of the project that answers.
    pub model: Option<String>,
    pub membership: Option<Membership>,
    pub disqualified: Option<QualificationAction>,
    pub answers: i64,
    pub in_review: i64,
    pub approved: i64,
    pub rejected: i64,
    pub voided: i64,
    pub last_answer_at: Option<DateTime<Utc>>,
}

struct Row {
    pseudonym: String,
    model: Option<String>,
    standing: Option<String>,
    disqualified: Option<String>,
    answers: i64,
    in_review: i64,
    approved: i64,
    rejected: i64,
    voided: i64,
    last_answer_at: Option<DateTime<Utc>>,
}

impl TryFrom<Row> for Worker {
    type Error = Error;

    fn try_from(r: Row) -> Result<Self> {
        Ok(Self {
            pseudonym: r.pseudonym,
            model: r.model,
            membership: r
                .standing
                .map(|s| from_column("standing", &s))
                .transpose()?,
            disqualified: r
                .disqualified
                .map(|s| from_column("qualification", &s))
                .transpose()?,
            answers: r.answers,
            in_review: r.in_review,
            approved: r.approved,
            rejected: r.rejected,
            voided: r.voided,
            last_answer_at: r.last_answer_at,
        })
    }
}

impl Labelling {
    /// Workers of a project in ascending order of pseudonym, those after `after`.
    ///
    /// # Errors
    /// `not_found`; or the database failed.
    pub async fn worker_list(
        &self,
        tenant: Option<TenantId>,
        project: ProjectId,
        membership: Option<Membership>,
        after: Option<&str>,
        limit: i64,
    ) -> Result<Page<Worker, String>> {
        let items = self
            .worker_rows(
                tenant,
                project,
                membership,
                None,
                after.unwrap_or_default(),
                limit + 1,
            )
            .await?;
        Ok(Page::cut(items, limit, |w| w.pseudonym.clone()))
    }

    /// One worker of a project; of one who never came near it there is nothing to tell.
    ///
    /// # Errors
    /// `not_found`; or the database failed.
    pub async fn worker_get(
        &self,
        tenant: Option<TenantId>,
        project: ProjectId,
        worker: UserId,
    ) -> Result<Worker> {
        self.worker_rows(tenant, project, None, Some(worker), "", 1)
            .await?
            .pop()
            .ok_or_else(|| Refusal::NotFound.into())
    }

    async fn worker_rows(
        &self,
        tenant: Option<TenantId>,
        project: ProjectId,
        membership: Option<Membership>,
        only: Option<UserId>,
        after: &str,
        limit: i64,
    ) -> Result<Vec<Worker>> {
        let mut conn = self.pool.acquire().await?;
        let tenant = find(&mut conn, tenant, project).await?.tenant;
        name_crowd(&mut conn, project, tenant).await?;
        let rows = sqlx::query_as!(
            Row,
            "with crowd as (
                 select user_id from project_workers where project_id = $1
                 union select user_id from answers where project_id = $1)
             select n.pseudonym, m.name as \"model?\", w.standing as \"standing?\", q.action as \"disqualified?\", a.answers as \"answers!\", a.in_review as \"in_review!\",
                    a.approved as \"approved!\", a.rejected as \"rejected!\", a.voided as \"voided!\", a.last_answer_at
             from crowd c join worker_pseudonyms n on n.tenant_id = $6 and n.user_id = c.user_id
             left join model_workers m on m.model_id = c.user_id
             left join project_workers w on w.project_id = $1 and w.user_id = c.user_id
             left join worker_qualifications q on q.project_id = $1 and q.user_id = c.user_id and not q.lifted
             cross join lateral (
                 select count(*) as answers, count(*) filter (where status = 'in_review') as in_review,
                        count(*) filter (where status = 'approved') as approved, count(*) filter (where status = 'rejected') as rejected,
                        count(*) filter (where status = 'voided') as voided, max(submitted_at) as last_answer_at
                 from answers where project_id = $1 and user_id = c.user_id) a
             where n.pseudonym > $2 and ($3::text is null or w.standing = $3) and ($4::uuid is null or c.user_id = $4)
             order by n.pseudonym limit $5",
            project.0,
            after,
            membership.map(WireEnum::column),
            only.map(|u| u.0),
            limit,
            tenant.0
        )
        .fetch_all(&mut *conn)
        .await?;
        rows.into_iter().map(Worker::try_from).collect()
    }
}
