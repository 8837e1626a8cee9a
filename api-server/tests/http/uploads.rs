//! Uploads: what is plainly wrong is refused before a byte is stored; what breaks off leaves nothing.

use std::{fmt::Write as _, time::Duration};

use chrono::{TimeDelta, Utc};
use datacrowd_labelling::{Accepted, BillingMode};
use datacrowd_protocol::ids::{TenantId, UploadId};
use datacrowd_testkit::eventually;
use reqwest::Method;
use serde_json::json;
use tokio::{io::AsyncWriteExt, net::TcpStream};
use uuid::Uuid;

use crate::{
    edges::raw,
    support::{Platform, answer, env},
};

/// `id,text`, `1,a` and `2,b`, as the commands gzip and zstd write it.
const PACKED: [(&str, &[u8]); 2] = [
    (
        "items.csv.gz",
        b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xcb\x4c\xd1\x29\x49\xad\x28\xe1\x32\xd4\x49\xe4\x32\xd2\x49\xe2\x02\x00\x79\xbb\x8a\xd7\x10\x00\x00\x00",
    ),
    (
        "items.csv.zst",
        b"\x28\xb5\x2f\xfd\x04\x58\x81\x00\x00id,text\n1,a\n2,b\n\x83\x4f\xf2\xa6",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_compressed_table_is_looked_into() {
    let p = Platform::start().await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    for (name, bytes) in PACKED {
        let made = p.upload(&client, &project, name, bytes.to_vec(), 10).await;
        let made = made.expect(201);
        assert_eq!(
            (&made["columns"], &made["format"]),
            (&json!(["id", "text"]), &json!("CSV"))
        );
        let path = format!("/datasets/{}/preview", made["id"].as_str().unwrap());
        let seen = p.call(Some(&client.token), Method::GET, &path, None).await;
        let rows = seen.expect(200)["rows"].clone();
        assert_eq!(rows.as_array().unwrap().len(), 2, "{name}: {rows}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn unusable_files_are_refused_with_the_line_and_leave_nothing() {
    let p = Platform::start().await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    let cases: [(&str, &[u8], u16, &str); 8] = [
        ("items.csv", b"", 422, "is empty"),
        (
            "items.csv",
            b"id,id\n1,2\n",
            422,
            "line 1 names the column \"id\" twice",
        ),
        (
            "items.csv",
            b"id,,text\n1,2,3\n",
            422,
            "Column 2 of the header has no name; line 1 must name every column",
        ),
        ("items.csv", b"\xFF\xFEi\0d\0", 415, "UTF-16"),
        ("items.csv", b"PK\x03\x04\0\0", 415, "save the sheet as CSV"),
        (
            "items.csv.gz",
            b"\x1f\x8b\x08\0\0\0",
            422,
            "gzip ends too early",
        ),
        ("items.csv", b"\xD0\xCF\x12\0", 415, "binary"),
        ("items.xlsx", b"id,text\n", 415, ".csv or .jsonl"),
    ];
    for (name, bytes, status, says) in cases {
        let body = p
            .upload(&client, &project, name, bytes.to_vec(), 10)
            .await
            .expect(status);
        assert!(
            body.to_string().replace('\\', "").contains(says),
            "{body:#} says {says}"
        );
    }
    assert_eq!(
        p.count("select count(*) from datasets").await
            + p.count("select count(*) from uploads").await,
        0
    );
    p.call(
        Some(&client.token),
        Method::POST,
        &format!("/projects/{project}/datasets"),
        Some(json!({"sourceUri": "s3://datacrowd/x", "what": 1})),
    )
    .await
    .refused(422, "unknown_field");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_goes_away_leaves_no_object_no_part_and_no_dataset() {
    let p = Platform::start().await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    let address = p.url.trim_start_matches("http://").to_owned();
    let mut socket = TcpStream::connect(&address).await.unwrap();
    let head = format!(
        "POST /projects/{project}/datasets HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {}\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 50000000\r\n\r\n--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"items.csv\"\r\n\r\nid,text\n",
        client.token
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    let row = b"a,bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\n"
        .repeat(200_000);
    socket.write_all(&row).await.unwrap();
    eventually(Duration::from_secs(20), || async {
        (p.count("select count(*) from uploads where state = 'open'")
            .await
            == 1)
            .then_some(())
    })
    .await;
    drop(socket);
    eventually(Duration::from_secs(20), || async {
        (p.count("select count(*) from uploads where state = 'aborted'")
            .await
            == 1)
            .then_some(())
    })
    .await;
    assert_eq!(p.count("select count(*) from datasets").await, 0);
    let (objects, parts) = p.stored(&client.namespace).await;
    assert_eq!((objects, parts), (0, 0), "no object, no part");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_arrives_whole_is_one_object_without_parts() {
    let p = Platform::start().await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    let mut csv = b"id,text\n".to_vec();
    csv.extend(b"a,bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\n".repeat(200_000));
    let sha256 = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(&csv));
    let size = csv.len();
    let dataset = p
        .upload(&client, &project, "items.csv", csv, 10)
        .await
        .expect(201);
    assert_eq!(
        (&dataset["sha256"], &dataset["sizeBytes"]),
        (&json!(sha256), &json!(size))
    );
    assert_eq!(p.stored(&client.namespace).await, (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_a_dataset_refers_to_is_not_given_up_with_an_upload_that_nobody_ended() {
    let p = Platform::start().await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    // Its server died between writing the resource and saying so.
    let (id, csv) = (UploadId(Uuid::new_v4()), b"id,text\n1,a\n".to_vec());
    let key = format!("{}/datasets/{id}/source.csv", client.namespace);
    let tenant = sqlx::query_scalar("select id from tenants")
        .fetch_one(&p.rows)
        .await
        .unwrap();
    p.core
        .upload_open(id, TenantId(tenant), &key, Some("of a server that died"))
        .await
        .unwrap();
    let accepted = Accepted {
        etag: "\"e\"".to_owned(),
        size_bytes: i64::try_from(csv.len()).unwrap(),
        sha256: hex::encode(<sha2::Sha256 as sha2::Digest>::digest(&csv)),
    };
    p.core.upload_accepted(id, &accepted).await.unwrap();
    p.put_object(&key, csv).await;
    let stale = || async {
        let open = p.core.uploads_stale(Utc::now() + TimeDelta::days(2)).await;
        open.unwrap().len()
    };
    assert_eq!(stale().await, 1);
    let uri = format!("s3://{}/{key}", env("TEST_S3_BUCKET"));
    p.call(
        Some(&client.token),
        Method::POST,
        &format!("/projects/{project}/datasets"),
        Some(json!({"sourceUri": uri})),
    )
    .await
    .expect(201);
    assert_eq!(stale().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_but_the_file_may_be_long() {
    let p = Platform::with_billing(BillingMode::Disabled).await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    let (json, form) = ("application/json", "multipart/form-data; boundary=b");
    let in_head = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"";
    // Each goes on until it is one byte longer than it may be, and never ends. A member is the unit tests' of `upload_form`.
    for (what, kind, key, begin) in [
        ("JSON", json, "", "{\"sourceUri\": \""),
        (
            "JSON with a key",
            json,
            "Idempotency-Key: k\r\n",
            "{\"sourceUri\": \"",
        ),
        ("before the first part", form, "", "none"),
        ("a part's header", form, "", in_head),
    ] {
        let most = 1024 * 1024;
        let mut request = format!(
            "POST /projects/{project}/datasets HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {}\r\n{key}Content-Type: {kind}\r\nTransfer-Encoding: chunked\r\n\r\n",
            client.token
        );
        let long = "1".repeat(most - begin.len());
        for chunk in [begin, long.as_str(), "1"] {
            write!(request, "{:x}\r\n{chunk}\r\n", chunk.len()).unwrap();
        }
        let (answered, body) = raw(&p, request.as_bytes()).await;
        assert!(answered.contains(" 413 "), "{what}: {answered}");
        assert_eq!(body["code"], "payload_too_large", "{what}: {body:#}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_upload_is_compared_by_its_members_too() {
    let p = Platform::with_billing(BillingMode::Disabled).await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    // Longer than a body may be that no route lets be longer.
    let rows = format!("id,text\n{}", "1,a\n".repeat(700_000));
    let send = async |members: &[(&str, &str)], file: &str| {
        let mut form = String::new();
        for (name, text) in members {
            write!(
                form,
                "--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n"
            )
            .unwrap();
        }
        write!(form, "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{file}\"\r\n\r\n{rows}\r\n--b--\r\n").unwrap();
        let url = format!("{}/projects/{project}/datasets", p.url);
        let request = p.http.post(url).bearer_auth(&client.token);
        let request = request
            .header("idempotency-key", "one")
            .header("content-type", "multipart/form-data; boundary=b");
        answer(request.body(form)).await
    };
    let (ten, comma) = (("batchSize", "10"), ("delimiter", "COMMA"));
    let first = send(&[ten, comma], "items.csv").await.expect(201);
    let again = send(&[comma, ten], "items.csv").await;
    assert_eq!(again.headers["idempotent-replayed"], "true");
    assert!(!again.headers.contains_key("form"));
    assert_eq!(again.expect(201), first);
    for (members, file) in [
        (vec![("batchSize", "99"), comma], "items.csv"),
        (vec![ten], "items.csv"),
        (vec![ten, comma, ("maxInvalidRows", "1")], "items.csv"),
        (vec![ten, comma, ("batchSize", "nope")], "items.csv"),
        (vec![ten, comma, ("evil", "1")], "items.csv"),
        (vec![ten, comma], "others.csv"),
    ] {
        let other = send(&members, file).await;
        other.refused(422, "idempotency_key_reused");
    }
    let url = format!("{}/projects/{project}/datasets", p.url);
    let nothing = p.http.post(url).bearer_auth(&client.token);
    let nothing = nothing
        .header("idempotency-key", "one")
        .header("content-type", "application/json");
    answer(nothing).await.refused(422, "idempotency_key_reused");
    assert_eq!(p.count("select count(*) from datasets").await, 1);
}
