//! What a page of an export holds, whatever its rows are like.

use std::time::Duration;

use datacrowd_labelling::BillingMode;
use datacrowd_protocol::ids::ExportId;
use datacrowd_testkit::eventually;
use serde_json::json;

use crate::support::Platform;

#[tokio::test(flavor = "multi_thread")]
async fn a_page_ends_by_what_its_rows_are_as_text_however_well_they_compress() {
    let p = Platform::with_billing(BillingMode::Disabled).await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({"reviewersPerAnswer": 0})).await;
    p.loaded(&client, &project, 6, 10).await;
    let (_, wanda) = p.register("wanda").await;
    p.work(&wanda, &project, 6, "1").await;
    sqlx::query(
        "update tasks set payload = payload || jsonb_build_object('text', repeat('x', 900000))",
    )
    .execute(&p.rows)
    .await
    .unwrap();
    let body = json!({"format": "JSONL"});
    let export = p.export(&client, &project, body).await;
    let export = ExportId(export.parse().unwrap());
    p.export_runs().await;
    let (mut after, mut pages, mut rows) = (0, 0, 0);
    loop {
        let page = p.core.export_page(export, after).await.unwrap();
        let bytes = serde_json::to_vec(&page).unwrap().len();
        assert!(bytes < 4 << 20, "{bytes} bytes");
        rows += page.items.len();
        pages += 1;
        let Some(cursor) = page.next_cursor else {
            break;
        };
        after = cursor.parse().unwrap();
    }
    assert_eq!((rows, pages), (6, 2));
}

/// By a plan for any parameters the watermark is a narrow range, and all approvals were read for each page.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_reads_the_approvals_that_it_holds() {
    let p = Platform::with_billing(BillingMode::Disabled).await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    p.loaded(&client, &project, 8000, 1000).await;
    for rows in [
        "insert into answers (task_id, project_id, user_id, lease_token, labeling_version, answer, status, reviewers_needed, claimed_at, submitted_at)
         select id, project_id, gen_random_uuid(), id, 1, '{\"rating\": \"1\"}', 'approved', 0, now(), now() from tasks",
        "insert into approval_events (project_id, dataset_id, task_id, answer_id, kind, created_at)
         select t.project_id, t.dataset_id, t.id, a.id, 'approved', now() from answers a join tasks t on t.id = a.task_id order by t.id",
    ] {
        sqlx::query(rows).execute(&p.rows).await.unwrap();
    }
    let export = p
        .export(&client, &project, json!({"format": "JSONL"}))
        .await;
    let export = ExportId(export.parse().unwrap());
    p.export_runs().await;
    let scans = "select coalesce(sum(idx_scan), 0)::bigint from pg_stat_user_indexes where relname = 'approval_events'";
    let read = "select indexrelname::text, idx_tup_read from pg_stat_user_indexes where relname = 'approval_events'
                union all select relname::text, seq_tup_read from pg_stat_user_tables where relname = 'approval_events'";
    let (mut after, mut rows) = (Some(0), 0);
    while let Some(behind) = after {
        let page = p.core.export_page(export, behind).await.unwrap();
        rows += page.items.len();
        after = page.next_cursor.map(|cursor| cursor.parse().unwrap());
    }
    assert_eq!(rows, 8000);
    // A session tells what it read once it has been idle for ten seconds: whether each task was looked for, and what was read.
    eventually(Duration::from_secs(30), || async {
        (p.count(scans).await > 8000).then_some(())
    })
    .await;
    let read: Vec<(String, i64)> = sqlx::query_as(read).fetch_all(&p.rows).await.unwrap();
    // Three each; once, on a loaded machine, it was four. Pages that read all there is would read 34 each.
    let sum: i64 = read.iter().map(|(_, entries)| entries).sum();
    assert!(sum < 5 * 8000, "{sum} entries of 8,000: {read:?}");
}
