//! What the first rows of a file tell before anybody pays.

use reqwest::Method;
use serde_json::json;

use super::{
    cases::{says, setting},
    upload,
};

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_would_be_refused_are_told_before_anybody_pays() {
    let (p, client, project) = setting(json!({})).await;
    let cyrillic = encoding_rs::WINDOWS_1251.encode("id,text\n1,Привет\n").0;
    let cyrillic: &[u8] = &cyrillic;
    let column_missing: &[u8] = b"{\"id\":1,\"body\":\"a\"}\n{\"id\":2,\"body\":\"b\"}\n";
    for (name, file, text) in [
        (
            "items.jsonl",
            b"id,text\n1,a\n".as_slice(),
            "looks like CSV",
        ),
        (
            "items.jsonl",
            b"{\n\"id\": 1,\n\"text\": \"a\"\n}\n",
            "line 1 is not valid JSON",
        ),
        (
            "items.jsonl",
            b"{'id': 1, 'text': 'a'}\n",
            "line 1 is not valid JSON",
        ),
        (
            "items.jsonl",
            column_missing,
            "line 1 has no column \"text\"",
        ),
        (
            "items.csv",
            b"id,text\n1\n2\n",
            "line 2 has 1 fields, the header has 2",
        ),
        ("items.csv", cyrillic, "set encoding WINDOWS1251"),
    ] {
        let refused = upload(&p, &client, &project, name, file, &[]).await;
        let refused = refused.refused(422, "invalid_request");
        says(&refused["details"]["file"], "No row could be used");
        says(&refused["details"]["file"], text);
        let key = format!("{}/{name}", client.namespace);
        p.put_object(&key, file.to_vec()).await;
        let uri = format!("s3://{}/{key}", crate::support::env("TEST_S3_BUCKET"));
        let path = format!("/projects/{project}/datasets");
        let body = Some(json!({"sourceUri": uri}));
        let refused = p.call(Some(&client.token), Method::POST, &path, body).await;
        let refused = refused.refused(422, "invalid_request");
        says(&refused["details"]["sourceUri"], text);
    }
    assert_eq!(p.count("select count(*) from datasets").await, 0);
    let some = b"id,text\n1,a\n2\n3,c\n";
    let dataset = upload(&p, &client, &project, "items.csv", some, &[])
        .await
        .expect(201);
    let told = "1 of the first 3 rows would be refused; the first: line 3 has 1 fields";
    says(&dataset["notices"], told);
    let path = format!("/datasets/{}/preview", dataset["id"].as_str().unwrap());
    let preview = p.call(Some(&client.token), Method::GET, &path, None).await;
    says(&preview.expect(200)["notices"], told);
}
