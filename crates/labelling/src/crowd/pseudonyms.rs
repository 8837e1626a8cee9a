//! What a tenant knows its workers by: a name drawn once, that nobody else can compute. Account ids stay inside.

use std::collections::{BTreeSet, HashMap};

use datacrowd_protocol::ids::{ProjectId, TenantId, UserId};
use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{Labelling, Refusal, Result, projects::find};

/// The pseudonyms of these workers in this tenant; who has none yet is given one. Of two callers at once, both
/// see the one that was stored first.
pub(crate) async fn pseudonyms(
    conn: &mut PgConnection,
    tenant: Uuid,
    users: &[Uuid],
) -> Result<HashMap<Uuid, String>> {
    loop {
        let known = sqlx::query!(
            "select user_id, pseudonym from worker_pseudonyms where tenant_id = $1 and user_id = any($2)",
            tenant,
            users
        )
        .fetch_all(&mut *conn)
        .await?;
        let known: HashMap<_, _> = known
            .into_iter()
            .map(|r| (r.user_id, r.pseudonym))
            .collect();
        let missing: BTreeSet<Uuid> = users
            .iter()
            .copied()
            .filter(|u| !known.contains_key(u))
            .collect();
        if missing.is_empty() {
            return Ok(known);
        }
        let missing: Vec<_> = missing.into_iter().collect();
        give(conn, tenant, &missing).await?;
    }
}

/// Gives each of these a pseudonym. One that is taken already, by a chance of one in 2⁶⁰, is left for the next round.
async fn give(conn: &mut PgConnection, tenant: Uuid, users: &[Uuid]) -> Result<()> {
    let before = sqlx::query!(
        "select distinct a.user_id from answers a join projects p on p.id = a.project_id
         where p.tenant_id = $1 and a.user_id = any($2) and a.id <= (select answer_id from pseudonyms_drawn_from)",
        tenant,
        users
    )
    .fetch_all(&mut *conn)
    .await?;
    let before: BTreeSet<_> = before.into_iter().map(|r| r.user_id).collect();
    let names: Vec<_> = users
        .iter()
        .map(|user| match before.contains(user) {
            true => computed(tenant, *user),
            false => drawn(),
        })
        .collect();
    sqlx::query!(
        "insert into worker_pseudonyms (tenant_id, user_id, pseudonym)
         select $1, n.user_id, n.pseudonym from unnest($2::uuid[], $3::text[]) as n (user_id, pseudonym)
         on conflict do nothing",
        tenant,
        users,
        &names
    )
    .execute(conn)
    .await?;
    Ok(())
}

fn drawn() -> String {
    let digest = Sha256::digest(Uuid::new_v4().as_bytes());
    format!("w-{}", hex::encode(&digest[..8]))
}

/// What exports named everybody by who had answered before pseudonyms were drawn.
fn computed(tenant: Uuid, user: Uuid) -> String {
    let digest = Sha256::new()
        .chain_update(tenant.as_bytes())
        .chain_update(user.as_bytes())
        .finalize();
    format!("w-{}", hex::encode(&digest[..8]))
}

/// Gives a pseudonym to everybody in a project who has none yet: on its list, or with an answer.
pub(super) async fn name_crowd(
    conn: &mut PgConnection,
    project: ProjectId,
    tenant: TenantId,
) -> Result<()> {
    let unnamed = sqlx::query!(
        "select c.user_id as \"user_id!\" from (
             select user_id from project_workers where project_id = $1
             union select user_id from answers where project_id = $1) c
         where not exists (select from worker_pseudonyms n where n.tenant_id = $2 and n.user_id = c.user_id)",
        project.0,
        tenant.0
    )
    .fetch_all(&mut *conn)
    .await?;
    let unnamed: Vec<_> = unnamed.into_iter().map(|r| r.user_id).collect();
    pseudonyms(conn, tenant.0, &unnamed).await?;
    Ok(())
}

impl Labelling {
    /// Whose pseudonym this is in the tenant of a project.
    ///
    /// # Errors
    /// `not_found`; or the database failed.
    pub async fn worker_named(
        &self,
        tenant: Option<TenantId>,
        project: ProjectId,
        pseudonym: &str,
    ) -> Result<UserId> {
        let mut conn = self.pool.acquire().await?;
        let tenant = find(&mut conn, tenant, project).await?.tenant;
        let row = sqlx::query!(
            "select user_id from worker_pseudonyms where tenant_id = $1 and pseudonym = $2",
            tenant.0,
            pseudonym
        )
        .fetch_optional(&mut *conn)
        .await?
        .ok_or(Refusal::NotFound)?;
        Ok(UserId(row.user_id))
    }
}
