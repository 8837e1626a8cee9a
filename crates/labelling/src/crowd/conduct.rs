//! What an ADMIN reads about who judges and who is judged: a reviewer who rejects much, a client whose answers are
//! rejected or voided much.

use datacrowd_protocol::ids::{TenantId, UserId};
use uuid::Uuid;

use crate::{Labelling, Page, Result};

/// How a reviewer decides.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "named after the contract")]
pub struct ReviewerConduct {
    pub reviewer: UserId,
    pub reviews: i64,
    pub rejections: i64,
}

/// What became of the answers that a tenant was given.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "named after the contract")]
pub struct TenantConduct {
    pub tenant: TenantId,
    pub name: String,
    pub approved: i64,
    pub rejected: i64,
    /// Taken back by the tenant or an ADMIN.
    pub voided: i64,
}

impl Labelling {
    /// Everybody who reviewed, answers of one tenant only when one is named, in ascending order of id.
    ///
    /// # Errors
    /// The database failed.
    pub async fn reviewer_list(
        &self,
        tenant: Option<TenantId>,
        after: Option<Uuid>,
        limit: i64,
    ) -> Result<Page<ReviewerConduct>> {
        let rows = sqlx::query!(
            "select r.user_id, count(*) as \"reviews!\", count(*) filter (where r.decision = 'rejected') as \"rejections!\"
             from reviews r join answers a on a.id = r.answer_id join projects p on p.id = a.project_id
             where r.user_id > $1 and ($2::uuid is null or p.tenant_id = $2)
             group by r.user_id order by r.user_id limit $3",
            after.unwrap_or_default(),
            tenant.map(|t| t.0),
            limit + 1
        )
        .fetch_all(&self.calls)
        .await?;
        let items = rows.into_iter().map(|r| ReviewerConduct {
            reviewer: UserId(r.user_id),
            reviews: r.reviews,
            rejections: r.rejections,
        });
        Ok(Page::cut(items.collect(), limit, |r: &ReviewerConduct| {
            r.reviewer.0
        }))
    }

    /// Every tenant with what became of its answers, in ascending order of id.
    ///
    /// # Errors
    /// The database failed.
    pub async fn tenant_conduct(
        &self,
        after: Option<Uuid>,
        limit: i64,
    ) -> Result<Page<TenantConduct>> {
        let rows = sqlx::query!(
            "select t.id, t.name, c.approved as \"approved!\", c.rejected as \"rejected!\", c.voided as \"voided!\"
             from tenants t cross join lateral (
                 select count(*) filter (where a.status = 'approved') as approved, count(*) filter (where a.status = 'rejected') as rejected,
                        count(*) filter (where a.status = 'voided') as voided
                 from projects p join answers a on a.project_id = p.id where p.tenant_id = t.id) c
             where t.id > $1 order by t.id limit $2",
            after.unwrap_or_default(),
            limit + 1
        )
        .fetch_all(&self.calls)
        .await?;
        let items = rows.into_iter().map(|r| TenantConduct {
            tenant: TenantId(r.id),
            name: r.name,
            approved: r.approved,
            rejected: r.rejected,
            voided: r.voided,
        });
        Ok(Page::cut(items.collect(), limit, |t: &TenantConduct| {
            t.tenant.0
        }))
    }
}
