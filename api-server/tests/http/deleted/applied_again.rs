//! What is deleted and applied again under its name, and says something else.

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{says, upsert_of};
use crate::support::{Answer, ExportRun, Platform, env};

#[tokio::test(flavor = "multi_thread")]
async fn identity_changed_remedy() {
    let p = Platform::start().await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    p.grant(&project, 100).await;
    let put = async |body: &Value| {
        p.trusted(Method::PUT, "/internal/datasets", Some(body.clone()))
            .await
    };
    let other = format!("s3://{}/{}/b.csv", env("TEST_S3_BUCKET"), client.namespace);
    for by in ["annotation", "rest"] {
        let old = p.loaded(&client, &project, 3, 1).await;
        p.delete(&client, &format!("/datasets/{old}"))
            .await
            .expect(202);
        let mut upsert = upsert_of(&p, &old, &other).await;
        let refused = put(&upsert).await.refused(409, "identity_changed");
        let (namespace, name) = (&client.namespace, upsert["name"].as_str().unwrap());
        let command = format!(
            "kubectl -n {namespace} annotate dataset {name} datacrowd.io/delete-rows={old}"
        );
        says(&refused, &command);
        says(
            &refused,
            &format!("DELETE /api/v1/datasets/{old}?rows=true"),
        );
        if by == "annotation" {
            upsert["deleteRows"] = json!(Uuid::new_v4());
            put(&upsert).await.refused(409, "identity_changed");
            upsert["deleteRows"] = json!(old);
        } else {
            p.delete(&client, &format!("/datasets/{old}?rows=true"))
                .await
                .expect(202);
        }
        let view = put(&upsert).await.expect(200);
        assert_ne!(view["id"], json!(old));
        assert_eq!(
            (&view["tasksCreated"], &view["state"]),
            (&json!(0), &json!("Uploaded"))
        );
        assert_eq!(p.count("select count(*) from tasks").await, 0);
        // Left from then, the annotation says nothing of the rows that are now there.
        upsert["generation"] = json!(2);
        assert_eq!(put(&upsert).await.expect(200)["id"], view["id"]);
    }
    assert_eq!(p.used(&client, &project).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_were_read_in_another_way_are_not_taken_over() {
    let p = Platform::start().await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    p.grant(&project, 100).await;
    let read = p.loaded(&client, &project, 3, 1).await;
    let csv = b"id,text\n1,a\n".to_vec();
    let unread = p.upload(&client, &project, "items.csv", csv, 10).await;
    let unread = unread.expect(201)["id"].as_str().unwrap().to_owned();
    for id in [&read, &unread] {
        p.delete(&client, &format!("/datasets/{id}"))
            .await
            .expect(202);
    }
    let put = async |upsert: &Value, source: Value| {
        let mut upsert = upsert.clone();
        for (member, value) in source.as_object().unwrap() {
            upsert["spec"]["source"][member] = value.clone();
        }
        p.trusted(Method::PUT, "/internal/datasets", Some(upsert))
            .await
    };

    let upsert = upsert_of(&p, &read, "").await;
    for other in [
        json!({"encoding": "Windows1251"}),
        json!({"delimiter": "Semicolon"}),
        json!({"multiline": true}),
        json!({"format": "JSONL"}),
    ] {
        let refused = put(&upsert, other).await.refused(409, "identity_changed");
        says(&refused, &format!("datacrowd.io/delete-rows={read}"));
    }
    // Written out or left out, a comma is a comma.
    let same = json!({"delimiter": "Comma", "encoding": "Utf8", "format": "CSV"});
    assert_eq!(put(&upsert, same).await.expect(200)["id"], json!(read));

    // Of this one nothing was read: it is read as is said now.
    let upsert = upsert_of(&p, &unread, "").await;
    let view = put(&upsert, json!({"format": "JSONL"})).await.expect(200);
    assert_eq!(view["id"], json!(unread));
    let lines = "select count(*) from datasets where source_format = 'jsonl' and checkpoint->>'nextRow' = '1'";
    assert_eq!(p.count(lines).await, 1);
}

/// The upsert that the operator would send of an export named `final`, with this spec.
async fn export_upsert(p: &Platform, project: &str, uid: Uuid, spec: &Value) -> Answer {
    let mut upsert: Value = sqlx::query_scalar(
        "select json_build_object('namespace', p.namespace, 'tenant', t.name, 'name', 'final', 'generation', 1,
            'spec', json_build_object('projectRef', json_build_object('name', p.name)))
         from projects p join tenants t on t.id = p.tenant_id where p.id = $1::uuid",
    )
    .bind(project)
    .fetch_one(&p.rows)
    .await
    .unwrap();
    upsert["uid"] = json!(uid);
    for (member, value) in spec.as_object().unwrap() {
        upsert["spec"][member] = value.clone();
    }
    p.trusted(Method::PUT, "/internal/exports", Some(upsert))
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_applied_again_in_another_form_is_not_given_the_file_that_is_there() {
    let p = Platform::start().await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    let put = async |uid: Uuid, spec: &Value| export_upsert(&p, &project, uid, spec).await;
    let delete = async |id: &Value, uid: Uuid| {
        let path = format!(
            "/internal/exports/{}?uid={uid}&policy=Retain",
            id.as_str().unwrap()
        );
        p.trusted(Method::DELETE, &path, None).await.expect(204);
    };
    let [first, second, third] = [Uuid::new_v4(), Uuid::new_v4(), Uuid::new_v4()];
    let csv = json!({"format": "CSV"});
    // Nothing was taken yet: it becomes what is asked for now.
    let id = put(first, &json!({"format": "JSONL", "rowPer": "Task"}))
        .await
        .expect(200)["id"]
        .clone();
    delete(&id, first).await;
    assert_eq!(put(second, &csv).await.expect(200)["id"], id);
    let opened = ExportRun::open(&p, &client, id.as_str().unwrap())
        .await
        .opened;
    assert_eq!(
        (&opened["format"], &opened["rowPer"]),
        (&json!("CSV"), &json!("Answer"))
    );

    delete(&id, second).await;
    for other in [
        json!({"format": "JSONL"}),
        json!({"format": "CSV", "bom": true}),
        json!({"format": "CSV", "rowPer": "Task"}),
        json!({"format": "CSV", "since": 1}),
        json!({"format": "CSV", "rawCells": true}),
    ] {
        let refused = put(third, &other).await.refused(409, "identity_changed");
        says(&refused, "another name");
    }
    assert_eq!(put(third, &csv).await.expect(200)["id"], id);
}
