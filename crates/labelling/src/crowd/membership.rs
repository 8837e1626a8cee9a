//! The list of a project's workers, and those who are kept out.

use chrono::{DateTime, Utc};
use datacrowd_protocol::{
    WireEnum,
    ids::{ProjectId, TenantId, UserId},
    work::Membership,
};
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{Labelling, Refusal, Result, audit, events, projects::find};

/// Lets a block of this worker wait until this transaction ends; whether they are blocked is to be read afterwards.
pub(crate) async fn admit_lock(
    conn: &mut PgConnection,
    project: Uuid,
    worker: UserId,
) -> Result<()> {
    sqlx::query!(
        "select pg_advisory_xact_lock_shared(hashtextextended($1::uuid::text || $2::uuid::text, 2))",
        project,
        worker.0
    )
    .fetch_one(conn)
    .await?;
    Ok(())
}

/// Waits for what this worker has under way in a project, and lets them begin nothing until this transaction ends.
pub(crate) async fn exclude_lock(
    conn: &mut PgConnection,
    project: ProjectId,
    worker: UserId,
) -> Result<()> {
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended($1::uuid::text || $2::uuid::text, 2))",
        project.0,
        worker.0
    )
    .fetch_one(conn)
    .await?;
    Ok(())
}

/// Says what was decided about a worker, and why as far as the event tells; false when it was so before. The caller has excluded them.
pub(crate) async fn set_standing(
    conn: &mut PgConnection,
    project: ProjectId,
    worker: UserId,
    membership: Membership,
    actor: &str,
    why: Value,
) -> Result<bool> {
    let changed = sqlx::query!(
        "insert into project_workers as w (project_id, user_id, standing) values ($1, $2, $3)
             on conflict (project_id, user_id) do update set standing = excluded.standing where w.standing <> excluded.standing",
        project.0,
        worker.0,
        membership.column()
    )
    .execute(&mut *conn)
    .await?
    .rows_affected()
        == 1;
    if changed {
        let kind = format!("worker.{}", membership.column());
        let mut data = why;
        data["project"] = json!(project);
        events::record(conn, &kind, &worker.to_string(), actor, data).await?;
    }
    Ok(changed)
}

/// Admits a worker until this transaction ends: a block waits for it, and whoever comes later is told of it.
pub(crate) async fn admit(conn: &mut PgConnection, project: Uuid, worker: UserId) -> Result<()> {
    admit_lock(conn, project, worker).await?;
    let blocked = sqlx::query!(
        "select user_id from project_workers where project_id = $1 and user_id = $2 and standing = 'blocked'",
        project,
        worker.0
    )
    .fetch_optional(conn)
    .await?;
    match blocked {
        None => Ok(()),
        Some(_) => Err(Refusal::Blocked.into()),
    }
}

/// [`admit`]s a worker who may take tasks of the project now, or says that there are none for them.
pub(crate) async fn admit_to_work(
    conn: &mut PgConnection,
    project: Uuid,
    worker: UserId,
) -> Result<()> {
    admit(conn, project, worker).await?;
    sqlx::query!("select taken from workplace_v1($1, $2)", worker.0, project)
        .fetch_optional(conn)
        .await?
        .ok_or(Refusal::NotFound)?;
    Ok(())
}

/// What a worker is told who may not work on a project: that it exists only when its owner has blocked them.
pub(crate) async fn kept_out(
    conn: &mut PgConnection,
    project: Uuid,
    worker: UserId,
) -> Result<Refusal> {
    let blocked = sqlx::query!(
        "select exists (select from projects p join project_workers w on w.project_id = p.id
                        where p.id = $1 and p.bound_uid is not null and w.user_id = $2 and w.standing = 'blocked') as \"blocked!\"",
        project,
        worker.0
    )
    .fetch_one(conn)
    .await?;
    Ok(if blocked.blocked {
        Refusal::Blocked
    } else {
        Refusal::NotFound
    })
}

impl Labelling {
    /// Puts a worker on the project's list; a blocked one may work again.
    ///
    /// # Errors
    /// `not_found`; `project_deleted`; or the database failed.
    pub async fn worker_put(
        &self,
        tenant: Option<TenantId>,
        project: ProjectId,
        worker: UserId,
        actor: UserId,
    ) -> Result<()> {
        self.set_membership(tenant, project, worker, Membership::Member, actor)
            .await
    }

    /// Keeps a worker out: when this returns, none of their answers will be accepted any more, and what they
    /// held is free. What they did before stays.
    ///
    /// # Errors
    /// `not_found`; `project_deleted`; or the database failed.
    pub async fn worker_block(
        &self,
        tenant: Option<TenantId>,
        project: ProjectId,
        worker: UserId,
        actor: UserId,
        now: DateTime<Utc>,
    ) -> Result<()> {
        self.set_membership(tenant, project, worker, Membership::Blocked, actor)
            .await?;
        self.hold_nothing(project, worker, now).await
    }

    /// Frees what a worker who was blocked holds.
    pub(crate) async fn hold_nothing(
        &self,
        project: ProjectId,
        worker: UserId,
        now: DateTime<Utc>,
    ) -> Result<()> {
        sqlx::query!(
            "delete from review_leases l using answers a where a.id = l.answer_id and a.project_id = $1 and l.user_id = $2",
            project.0,
            worker.0
        )
        .execute(&self.calls)
        .await?;
        self.leases_end(worker, project, now).await
    }

    /// Forgets what was decided about a worker: off the list, or no longer blocked. Leases run out by themselves.
    ///
    /// # Errors
    /// `not_found`; `project_deleted`; or the database failed.
    pub async fn worker_remove(
        &self,
        tenant: Option<TenantId>,
        project: ProjectId,
        worker: UserId,
        actor: UserId,
    ) -> Result<()> {
        let mut tx = self.begin().await?;
        find(&mut tx, tenant, project).await?.live()?;
        let gone = sqlx::query!(
            "delete from project_workers where project_id = $1 and user_id = $2",
            project.0,
            worker.0
        )
        .execute(&mut *tx)
        .await?
        .rows_affected();
        lift(&mut tx, project, worker).await?;
        if gone == 1 {
            events::record(
                &mut tx,
                "worker.removed",
                &worker.to_string(),
                &actor.to_string(),
                json!({"project": project}),
            )
            .await?;
            let details = json!({"project": project});
            audit::record(
                &mut tx,
                actor,
                "worker.removed",
                &worker.to_string(),
                details,
            )
            .await?;
        }
        tx.commit().await?;
        Ok(())
    }

    async fn set_membership(
        &self,
        tenant: Option<TenantId>,
        project: ProjectId,
        worker: UserId,
        membership: Membership,
        actor: UserId,
    ) -> Result<()> {
        let mut tx = self.begin().await?;
        find(&mut tx, tenant, project).await?.live()?;
        exclude_lock(&mut tx, project, worker).await?;
        let (by, why) = (actor.to_string(), json!({}));
        let changed = set_standing(&mut tx, project, worker, membership, &by, why).await?;
        if membership == Membership::Member {
            lift(&mut tx, project, worker).await?;
        }
        if changed {
            let details = json!({"project": project});
            audit::record(
                &mut tx,
                actor,
                &format!("worker.{}", membership.column()),
                &worker.to_string(),
                details,
            )
            .await?;
        }
        tx.commit().await?;
        Ok(())
    }
}

/// Ends what was done about a worker's skill: who lets them in again has the last word.
async fn lift(conn: &mut PgConnection, project: ProjectId, worker: UserId) -> Result<()> {
    sqlx::query!(
        "update worker_qualifications set lifted = true where project_id = $1 and user_id = $2",
        project.0,
        worker.0
    )
    .execute(conn)
    .await?;
    Ok(())
}
