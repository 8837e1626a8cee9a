//! The index row follows the resource; rows of an earlier resource are adopted.

use datacrowd_protocol::{
    WireEnum,
    files::Selection,
    ids::{DatasetId, ProjectId, ResourceUid, TenantId},
    internal::{DatasetView, ResourceKind},
    labeling::GoldColumns,
    source::{DeletionPolicy, Delimiter, Encoding, InboxRule, SourceFormat},
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    content::{ContentNow, is_read_alike, is_same, pin_upload},
    delete::{mark_removing, unbind},
};
use crate::{
    Labelling, Refusal, Result,
    binding::{
        Binding, Stored, bind, bound, is_anothers_source, refuse_foreign, refuse_tombstoned,
    },
    events, labelings,
    projects::{bound_named, settle_state},
    tenants::tenant_named,
};

/// A Dataset resource, as the caller saw it.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the resource documents its fields")]
pub struct DatasetUpsert {
    pub tenant: String,
    pub namespace: String,
    pub name: String,
    pub uid: ResourceUid,
    pub generation: i64,
    pub project_name: String,
    pub source_uri: String,
    pub format: SourceFormat,
    pub own_credentials: bool,
    pub batch_size: i32,
    pub max_invalid_rows: i64,
    pub suspended: bool,
    /// What lies at the source now: asked for by an adoption.
    pub content: ContentNow,
    /// The dataset whose rows may go, when it had this name and is another one.
    pub delete_rows: Option<DatasetId>,
    pub delimiter: Delimiter,
    pub encoding: Encoding,
    pub multiline: bool,
    /// Which files of a folder are rows; none where the source is a file.
    pub selection: Option<Selection>,
    /// Where its rows say what is right; none where they become tasks.
    pub gold: Option<GoldColumns>,
    /// Of an inbox: which of its items people are asked about. Then `source_uri` is the folder in which a folder of its own is made.
    pub inbox: Option<InboxRule>,
}

impl Labelling {
    /// Makes the index row say what the resource says, when the resource is not older than the row.
    ///
    /// # Errors
    /// `project_not_found`, `tombstoned`, `identity_changed`, `rows_going`, `namespace_not_bound`; [`crate::Error::ContentUnseen`]
    /// while the caller has to look at the source first; or the database failed.
    pub async fn dataset_upsert(&self, up: &DatasetUpsert) -> Result<DatasetView> {
        let mut tx = self.begin().await?;
        refuse_tombstoned(&mut tx, up.uid).await?;
        let tenant = tenant_named(&mut tx, &up.tenant).await?;
        refuse_foreign(&mut tx, tenant, up.uid).await?;
        let project = bound_named(&mut tx, tenant, &up.namespace, &up.project_name).await?;
        refuse_unfit_gold(&mut tx, project, up).await?;
        let inserted = insert(&mut tx, tenant, project, up).await?;
        if inserted && !up.own_credentials && up.inbox.is_none() {
            refuse_foreign_source(&mut tx, tenant, up).await?;
        }
        let known = lock(&mut tx, tenant, up).await?;
        let binding = bind(
            &mut tx,
            ResourceKind::Dataset,
            &known.stored,
            up.uid,
            up.generation,
        )
        .await?;
        let adopted = binding == Binding::Adopted && !inserted;
        if adopted && known.removing {
            return Err(Refusal::RowsGoing.into());
        }
        if adopted && !known.is_same(&mut tx, project, up).await? {
            known.give_way(&mut tx, up).await?;
            tx.commit().await?;
            return Err(Refusal::RowsGoing.into());
        }
        if inserted {
            pin_upload(&mut tx, known.id, &up.source_uri).await?;
        }
        if binding.changes() {
            known.apply(&mut tx, up, adopted).await?;
        }
        let view = self.dataset_view(&mut tx, known.id, adopted).await?;
        tx.commit().await?;
        Ok(view)
    }
}

/// The dataset that has the name, locked.
struct Known {
    id: DatasetId,
    stored: Stored,
    project: ProjectId,
    source_path: String,
    own_credentials: bool,
    removing: bool,
    is_inbox: bool,
}

impl Known {
    /// Whether its rows are those that would be made now.
    async fn is_same(
        &self,
        conn: &mut PgConnection,
        project: ProjectId,
        up: &DatasetUpsert,
    ) -> Result<bool> {
        // Who reads the source is part of what it is: under another rule, another bucket has the same name.
        let same_path = match up.inbox {
            Some(_) => self.is_inbox,
            None => self.source_path == up.source_uri,
        };
        let same_source =
            same_path && self.own_credentials == up.own_credentials && self.project == project;
        Ok(same_source
            && is_read_alike(conn, self.id, up).await?
            && is_same(conn, self.id, &up.content).await?)
    }

    /// Lets its rows go for another dataset's, once the resource names it as the one whose rows may.
    async fn give_way(&self, conn: &mut PgConnection, up: &DatasetUpsert) -> Result<()> {
        if up.delete_rows != Some(self.id) {
            return Err(Refusal::IdentityChanged {
                id: self.id,
                namespace: up.namespace.clone(),
                name: up.name.clone(),
            }
            .into());
        }
        // Of a name there is one resource in a cluster: the one that was bound, if any, is gone.
        unbind(conn, self.id, DeletionPolicy::Delete).await?;
        mark_removing(conn, self.id).await?;
        Ok(())
    }

    async fn apply(
        &self,
        conn: &mut PgConnection,
        up: &DatasetUpsert,
        adopted: bool,
    ) -> Result<()> {
        sqlx::query!(
            "update datasets set bound_uid = $2, generation = $3, suspended = $4, max_invalid_rows = $5,
                        requeue_from = case when $6 then 0 else requeue_from end, recharge_from = case when $6 and inbox is null then 0 else recharge_from end,
                        state = case when inbox is null then state else 'ready' end, inbox = case when inbox is null then null else coalesce($12, inbox) end,
                        leave_from = null, left_at = null, updated_at = now(),
                        delimiter = case when read.nothing then $7 else delimiter end, encoding = case when read.nothing then $8 else encoding end,
                        multiline = case when read.nothing then $9 else multiline end, source_format = case when read.nothing then $10 else source_format end,
                        selection = case when read.nothing then $11 else selection end
                 from (select (checkpoint->>'nextRow')::bigint <= 1 as nothing from datasets where id = $1) read where id = $1",
            self.id.0,
            up.uid.0,
            up.generation,
            up.suspended,
            up.max_invalid_rows,
            adopted,
            up.delimiter.column(),
            up.encoding.column(),
            up.multiline,
            up.format.column(),
            stored(up.selection.as_ref()),
            stored_rule(up.inbox)
        )
        .execute(&mut *conn)
        .await
        .map_err(bound)?;
        settle_state(conn, self.project).await?;
        events::record(
            conn,
            "dataset.applied",
            &self.id.to_string(),
            "resource",
            serde_json::json!({"generation": up.generation}),
        )
        .await
    }
}

/// A selection as it is stored.
pub(super) fn stored(selection: Option<&Selection>) -> Option<serde_json::Value> {
    selection
        .map(|selection| serde_json::to_value(selection).expect("lists of texts always serialise"))
}

/// Which items of an inbox people are asked about, as it is stored.
fn stored_rule(rule: Option<InboxRule>) -> Option<serde_json::Value> {
    rule.map(|rule| serde_json::to_value(rule).expect("names and numbers always serialise"))
}

/// Where rows say what is right, as it is stored.
pub(super) fn stored_gold(gold: Option<&GoldColumns>) -> Option<serde_json::Value> {
    gold.map(|gold| serde_json::to_value(gold).expect("texts always serialise"))
}

/// Takes the name. False when it is taken.
async fn insert(
    conn: &mut PgConnection,
    tenant: TenantId,
    project: ProjectId,
    up: &DatasetUpsert,
) -> Result<bool> {
    let id = Uuid::now_v7();
    let source = match up.inbox {
        Some(_) => format!("{}{id}/files/", up.source_uri),
        None => up.source_uri.clone(),
    };
    let inserted = sqlx::query!(
        "insert into datasets (id, tenant_id, project_id, namespace, name, generation, source_path, source_format, own_credentials,
                                   batch_size, max_invalid_rows, suspended, delimiter, encoding, multiline, selection, gold, inbox)
             values ($1, $2, $3, $4, $5, 0, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17) on conflict on constraint datasets_identity do nothing",
        id,
        tenant.0,
        project.0,
        up.namespace,
        up.name,
        source,
        up.format.column(),
        up.own_credentials,
        up.batch_size,
        up.max_invalid_rows,
        up.suspended,
        up.delimiter.column(),
        up.encoding.column(),
        up.multiline,
        stored(up.selection.as_ref()),
        stored_gold(up.gold.as_ref()),
        stored_rule(up.inbox)
    )
    .execute(conn)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

async fn lock(conn: &mut PgConnection, tenant: TenantId, up: &DatasetUpsert) -> Result<Known> {
    let row = sqlx::query!(
        "select id, bound_uid, generation, source_path, own_credentials, project_id, removing, inbox is not null as \"is_inbox!\" from datasets where tenant_id = $1 and namespace = $2 and name = $3 for update",
        tenant.0,
        up.namespace,
        up.name
    )
    .fetch_one(conn)
    .await?;
    Ok(Known {
        id: DatasetId(row.id),
        stored: Stored {
            bound: row.bound_uid.map(ResourceUid),
            generation: row.generation,
        },
        project: ProjectId(row.project_id),
        source_path: row.source_path,
        own_credentials: row.own_credentials,
        removing: row.removing,
        is_inbox: row.is_inbox,
    })
}

/// Refuses columns that say what is right of a field that the project does not have, or that workers see.
async fn refuse_unfit_gold(
    conn: &mut PgConnection,
    project: ProjectId,
    up: &DatasetUpsert,
) -> Result<()> {
    let Some(gold) = &up.gold else { return Ok(()) };
    let labeling = labelings::in_force(conn, project).await?;
    match labeling.and_then(|labeling| gold.violation(&labeling)) {
        Some(violation) => Err(Refusal::InvalidSpec {
            details: [violation].into(),
        }
        .into()),
        None => Ok(()),
    }
}

/// Refuses a file that another tenant loaded or exported here before the namespace changed hands, as one that is not
/// there.
async fn refuse_foreign_source(
    conn: &mut PgConnection,
    tenant: TenantId,
    up: &DatasetUpsert,
) -> Result<()> {
    if !is_anothers_source(conn, tenant, &up.namespace, &up.source_uri).await? {
        return Ok(());
    }
    let why = "names no file of this tenant; upload it again";
    Err(Refusal::InvalidSpec {
        details: [("source.uri".to_owned(), why.to_owned())].into(),
    }
    .into())
}
