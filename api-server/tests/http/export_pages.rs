//! What a page of an export holds, whatever its rows are like.

use datacrowd_labelling::BillingMode;
use datacrowd_protocol::ids::ExportId;
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
