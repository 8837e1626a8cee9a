//! Files that gold shows.

use datacrowd_labelling::BillingMode;
use reqwest::Method;
use serde_json::json;

use crate::support::Platform;

/// A picture of gold lies beside the file that the gold came with, not beside the task's whose place it takes.
#[tokio::test(flavor = "multi_thread")]
async fn a_picture_of_gold_is_shown_to_who_holds_it_and_to_nobody_else() {
    let display =
        json!([{"column": "text", "kind": "TEXT"}, {"column": "picture", "kind": "IMAGE"}]);
    let p = Platform::with_billing(BillingMode::Disabled).await;
    let client = p.client("clara").await;
    let members = json!({"display": display, "gold": {"onboarding": 1}});
    let project = p.project(&client, members).await;
    let rows = "id,text,picture\ni1,a,a.png\ni2,b,b.png\n".to_owned();
    p.file(&client, &project, rows, &[]).await;
    let rows = "id,text,picture,right,why\ng1,one,look.png,1,it is\n".to_owned();
    let members = [
        ("purpose", "GOLD"),
        ("goldColumns", r#"{"rating":"right"}"#),
        ("explainColumn", "why"),
    ];
    let dataset = p.file(&client, &project, rows, &members).await;
    let source = dataset["sourceUri"].as_str().unwrap();
    let folder = source.rsplit_once('/').unwrap().0;
    let key = folder.splitn(4, '/').nth(3).unwrap();
    p.put_object(&format!("{key}/look.png"), b"a picture".to_vec())
        .await;
    let (_, wanda) = p.register("wanda").await;
    let (_, wim) = p.register("wim").await;
    let shown = p
        .call(
            Some(&wanda),
            Method::GET,
            &format!("/tasks/next?projectId={project}"),
            None,
        )
        .await
        .expect(200);
    p.media(&wanda, &shown["task"], "picture")
        .await
        .refused(404, "not_found");
    let tasks = p.claim(&wanda, &project, 2).await.expect(200)["tasks"].clone();
    assert_eq!(p.which_gold(&tasks).await, [true, false]);
    let link = p.media(&wanda, &tasks[0], "picture").await;
    assert_eq!(link.status, 307, "{:#}", link.body);
    let link = link.headers["location"].to_str().unwrap().to_owned();
    let picture = p.http.get(&link).send().await.unwrap();
    assert_eq!(picture.text().await.unwrap(), "a picture");
    p.media(&wanda, &tasks[0], "text")
        .await
        .refused(404, "no_media");
    p.media(&wim, &tasks[0], "picture")
        .await
        .refused(404, "not_found");
    p.submit(&wanda, &tasks[0], "1").await.expect(201);
    p.media(&wanda, &tasks[0], "picture")
        .await
        .refused(404, "not_found");
    p.media(&wanda, &tasks[1], "picture")
        .await
        .refused(404, "media_missing");
}
