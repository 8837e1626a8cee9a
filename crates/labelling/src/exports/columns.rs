//! The columns that an export has.

use std::collections::HashSet;

use datacrowd_protocol::{
    export::ExportColumns,
    ids::{DatasetId, ProjectId},
};
use sqlx::PgConnection;

use crate::Result;

/// The columns of a CSV: those of the sources in their own order, the oldest source first; the answers'
/// fields sorted, with what could be chosen in them.
pub(super) async fn columns_at(
    conn: &mut PgConnection,
    project: ProjectId,
    dataset: Option<DatasetId>,
) -> Result<ExportColumns> {
    let mut columns = ExportColumns::default();
    let mut known = HashSet::new();
    for name in source_columns(conn, project, dataset).await? {
        if known.insert(name.clone()) {
            columns.source.push(name);
        }
    }
    for field in fields(conn, project).await? {
        if columns.answer.last() != Some(&field.name) {
            columns.answer.push(field.name.clone());
        }
        // The newest version's order comes first; what only older ones named follows.
        let options: Vec<String> = field
            .options
            .and_then(|options| serde_json::from_value(options).ok())
            .unwrap_or_default();
        let all = columns.options.entry(field.name).or_default();
        all.extend(
            options
                .into_iter()
                .filter(|option| !all.contains(option))
                .collect::<Vec<_>>(),
        );
    }
    columns.options.retain(|_, options| !options.is_empty());
    Ok(columns)
}

/// Models of the project that said something, by name.
pub(super) async fn models_of(conn: &mut PgConnection, project: ProjectId) -> Result<Vec<String>> {
    let names = sqlx::query_scalar!(
        "select name from models where project_id = $1 and bound_uid is not null and predicted > 0 order by name",
        project.0
    )
    .fetch_all(conn)
    .await?;
    Ok(names)
}

/// Columns of the sources, those of each in its order; a name comes once for each source that has it.
async fn source_columns(
    conn: &mut PgConnection,
    project: ProjectId,
    dataset: Option<DatasetId>,
) -> Result<Vec<String>> {
    let source = sqlx::query!(
        "select c.name as \"name!\" from datasets d
         cross join lateral (
             select h.name, h.nth from jsonb_array_elements_text(d.checkpoint->'header') with ordinality as h (name, nth)
             where jsonb_typeof(d.checkpoint->'header') = 'array'
             union all
             select k.name, coalesce(s.nth, 1000000) from (
                 select distinct jsonb_object_keys(t.payload) as name from tasks t
                 where t.dataset_id = d.id and coalesce(jsonb_typeof(d.checkpoint->'header'), 'null') <> 'array') k
             left join jsonb_array_elements_text(d.checkpoint->'columns') with ordinality as s (name, nth) on s.name = k.name) c
         where d.project_id = $1 and ($2::uuid is null or d.id = $2)
         order by d.id, c.nth, c.name",
        project.0,
        dataset.map(|d| d.0)
    )
    .fetch_all(conn)
    .await?;
    Ok(source.into_iter().map(|row| row.name).collect())
}

/// A field of one version of the labeling.
struct Field {
    name: String,
    options: Option<serde_json::Value>,
}

/// The answers' fields by name, the newest version first.
async fn fields(conn: &mut PgConnection, project: ProjectId) -> Result<Vec<Field>> {
    let fields = sqlx::query_as!(
        Field,
        "select f.field->>'name' as \"name!\", f.field->'options' as options from labeling_versions l
         cross join lateral jsonb_array_elements(l.labeling->'fields') f (field)
         where l.project_id = $1 order by 1, l.version desc",
        project.0
    )
    .fetch_all(conn)
    .await?;
    Ok(fields)
}
