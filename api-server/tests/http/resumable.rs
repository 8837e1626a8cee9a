//! Large files in several requests: they go on where a broken line left them, one request at a time, and nothing else
//! becomes a dataset.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use datacrowd_labelling::BillingMode;
use datacrowd_protocol::ids::{UploadFileId, UploadId};
use datacrowd_testkit::eventually;
use futures::{SinkExt as _, channel::mpsc};
use reqwest::{Body, Method, RequestBuilder};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    scheduled::run,
    support::{Actor, Answer, Platform, answer},
};

/// Bytes of a part.
const PART: usize = 8 * 1024 * 1024;

fn tus(request: RequestBuilder, who: &Actor) -> RequestBuilder {
    request
        .bearer_auth(&who.token)
        .header("tus-resumable", "1.0.0")
}

async fn begun(p: &Platform, who: &Actor, upload: &str, name: &str, size: usize) -> Answer {
    let name = STANDARD.encode(name);
    let request = p.http.post(format!("{}/uploads/{upload}/files", p.url));
    let request = tus(request, who)
        .header("upload-length", size)
        .header("upload-metadata", format!("filename {name}"));
    answer(request).await
}

/// Begins a file; the path of where its bytes go.
pub async fn begin(p: &Platform, who: &Actor, upload: &str, name: &str, size: usize) -> String {
    let answer = begun(p, who, upload, name, size).await;
    assert_eq!(answer.headers["tus-resumable"], "1.0.0");
    let location = answer.headers["location"].to_str().unwrap().to_owned();
    answer.expect(201);
    location
}

async fn folder(p: &Platform, who: &Actor, project: &str) -> (String, String) {
    let path = format!("/projects/{project}/uploads");
    let made = p.call(Some(&who.token), Method::POST, &path, None).await;
    let made = made.expect(201);
    let text = |member: &str| made[member].as_str().unwrap().to_owned();
    (text("id"), text("sourceUri"))
}

fn patch(p: &Platform, who: &Actor, path: &str, offset: usize) -> RequestBuilder {
    tus(p.http.patch(format!("{}{path}", p.url)), who)
        .header("content-type", "application/offset+octet-stream")
        .header("upload-offset", offset)
}

/// Sends bytes from an offset; where the file stands then.
async fn send(p: &Platform, who: &Actor, path: &str, offset: usize, bytes: &[u8]) -> usize {
    let answer = answer(patch(p, who, path, offset).body(bytes.to_vec())).await;
    let at = answer.headers.get("upload-offset").cloned();
    answer.expect(204);
    at.unwrap().to_str().unwrap().parse().unwrap()
}

async fn offset(p: &Platform, who: &Actor, path: &str) -> usize {
    let head = tus(p.http.head(format!("{}{path}", p.url)), who);
    let head = head.send().await.unwrap();
    assert_eq!(head.status(), 200);
    assert_eq!(head.headers()["cache-control"], "no-store");
    head.headers()["upload-offset"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap()
}

/// Waits until so much of a file has arrived.
async fn stands_at(p: &Platform, who: &Actor, path: &str, at: usize) {
    let stands = async || (offset(p, who, path).await == at).then_some(());
    eventually(Duration::from_mins(1), stands).await;
}

/// Rows of a table with so many bytes.
fn table(bytes: usize) -> Vec<u8> {
    let mut table = b"id,text\n".to_vec();
    for n in 1.. {
        table.extend_from_slice(format!("{n},{}\n", "x".repeat(1000)).as_bytes());
        if table.len() >= bytes {
            table.truncate(bytes);
            return table;
        }
    }
    unreachable!()
}

async fn setting() -> (Platform, Actor, String) {
    let p = Platform::with_billing(BillingMode::Disabled).await;
    let clara = p.client("clara").await;
    let project = p.project(&clara, json!({})).await;
    (p, clara, project)
}

async fn object(p: &Platform, source: &str) -> Bytes {
    let (_, key) = source
        .strip_prefix("s3://")
        .unwrap()
        .split_once('/')
        .unwrap();
    let namespace = key.split('/').next().unwrap();
    let object = p.app.objects.bucket().at(namespace, key).unwrap();
    let most = i64::try_from(4 * PART).unwrap();
    p.app
        .objects
        .first_bytes(&object, most)
        .await
        .unwrap()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_goes_on_where_a_broken_line_left_it() {
    let (p, clara, project) = setting().await;
    let (upload, source) = folder(&p, &clara, &project).await;
    let bytes = table(2 * PART + PART / 2);
    let path = begin(&p, &clara, &upload, "a/cafe\u{301}.csv", bytes.len()).await;
    assert_eq!(offset(&p, &clara, &path).await, 0);

    // Of a line that breaks, the parts that had come stay.
    let (mut line, body) = mpsc::channel::<Result<Bytes, std::io::Error>>(1);
    let broken = patch(&p, &clara, &path, 0).body(Body::wrap_stream(body));
    let broken = tokio::spawn(broken.send());
    for piece in bytes[..PART + 100].chunks(PART / 8) {
        line.send(Ok(Bytes::copy_from_slice(piece))).await.unwrap();
    }
    line.send(Err(std::io::Error::other("broken")))
        .await
        .unwrap();
    assert!(broken.await.unwrap().is_err());
    stands_at(&p, &clara, &path, PART).await;

    // What would not get on, or goes on from elsewhere, is told so.
    let wrong = patch(&p, &clara, &path, PART + 100).body(bytes[PART + 100..].to_vec());
    let wrong = answer(wrong).await.refused(409, "wrong_offset");
    assert!(
        wrong["message"]
            .as_str()
            .unwrap()
            .starts_with("8388608 bytes")
    );
    let little = patch(&p, &clara, &path, PART).body(bytes[PART..PART + 100].to_vec());
    answer(little).await.refused(422, "invalid_request");
    let much = patch(&p, &clara, &path, PART).body([&bytes[PART..], b"x"].concat());
    answer(much).await.refused(422, "invalid_request");
    let kind = tus(p.http.patch(format!("{}{path}", p.url)), &clara).header("upload-offset", PART);
    answer(kind).await.refused(415, "unsupported_media_type");
    let datasets = format!("/projects/{project}/datasets");
    let name = "a/caf\u{e9}.csv";
    let body = json!({"sourceUri": format!("{source}{name}")});
    let early = p
        .call(
            Some(&clara.token),
            Method::POST,
            &datasets,
            Some(body.clone()),
        )
        .await;
    let early = early.refused(409, "upload_unfinished");
    assert_eq!(early["details"]["name"], name);

    // More than a part keeps the part; the rest ends the file.
    let two = &bytes[PART..2 * PART + 100];
    assert_eq!(send(&p, &clara, &path, PART, two).await, 2 * PART);
    let rest = &bytes[2 * PART..];
    assert_eq!(send(&p, &clara, &path, 2 * PART, rest).await, bytes.len());
    assert_eq!(send(&p, &clara, &path, bytes.len(), b"").await, bytes.len());
    assert_eq!(offset(&p, &clara, &path).await, bytes.len());
    assert!(object(&p, &format!("{source}{name}")).await == bytes);
    assert_eq!(p.stored(&clara.namespace).await, (1, 0));

    let made = p
        .call(Some(&clara.token), Method::POST, &datasets, Some(body))
        .await;
    assert_eq!(made.expect(201)["columns"], json!(["id", "text"]));
    begun(&p, &clara, &upload, "b.csv", 3)
        .await
        .refused(409, "upload_closed");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_requests_that_send_a_file_the_later_one_goes_on() {
    let (p, clara, project) = setting().await;
    let (upload, source) = folder(&p, &clara, &project).await;
    let bytes = table(3 * PART);
    let path = begin(&p, &clara, &upload, "a.csv", bytes.len()).await;
    let (mut line, body) = mpsc::channel::<Result<Bytes, std::io::Error>>(1);
    let first = patch(&p, &clara, &path, 0).body(Body::wrap_stream(body));
    let first = tokio::spawn(answer(first));
    line.send(Ok(Bytes::copy_from_slice(&bytes[..PART])))
        .await
        .unwrap();
    stands_at(&p, &clara, &path, PART).await;
    assert_eq!(
        send(&p, &clara, &path, PART, &bytes[PART..2 * PART]).await,
        2 * PART
    );
    // The line that was thought broken brings other bytes.
    let _ = line.send(Ok(Bytes::from(vec![b'!'; PART]))).await;
    drop(line);
    first.await.unwrap().refused(423, "upload_taken");
    assert_eq!(offset(&p, &clara, &path).await, 2 * PART);
    assert_eq!(
        send(&p, &clara, &path, 2 * PART, &bytes[2 * PART..]).await,
        bytes.len()
    );
    assert!(object(&p, &format!("{source}a.csv")).await == bytes);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_whose_end_nobody_recorded_is_finished_by_whoever_asks() {
    let (p, clara, project) = setting().await;
    let (upload, source) = folder(&p, &clara, &project).await;
    let path = begin(&p, &clara, &upload, "a.csv", 10).await;
    let id = |text: &str| text.parse::<Uuid>().unwrap();
    let (_, file) = path.rsplit_once('/').unwrap();
    let (upload, file) = (UploadId(id(&upload)), UploadFileId(id(file)));
    let begun = p.app.core.upload_file(None, upload, file).await.unwrap();
    let key = format!("{}{}", begun.folder, begun.name);
    let at = p.app.objects.bucket().at(&clara.namespace, &key).unwrap();
    let writer = Uuid::now_v7();
    assert!(p.app.core.upload_file_take(file, writer, 0).await.unwrap());
    let part = Bytes::from_static(b"id,text\n1,");
    let part = p.app.objects.multipart_put(&at, &begun.multipart, 1, part);
    let part = part.await.unwrap();
    assert!(
        p.app
            .core
            .upload_part_stored(file, writer, &part)
            .await
            .unwrap()
    );
    // Here the server died.
    assert_eq!(offset(&p, &clara, &path).await, 10);
    assert_eq!(object(&p, &format!("{source}a.csv")).await, "id,text\n1,");
    assert_eq!(p.stored(&clara.namespace).await, (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_with_a_part_of_other_bytes_comes_again_from_its_beginning() {
    let (p, clara, project) = setting().await;
    let (upload, source) = folder(&p, &clara, &project).await;
    let bytes = table(PART + 10);
    let path = begin(&p, &clara, &upload, "a.csv", bytes.len()).await;
    assert_eq!(send(&p, &clara, &path, 0, &bytes[..PART]).await, PART);
    // Both found themselves the writer, before the other was.
    sqlx::query("update upload_parts set etag = 'another'")
        .execute(&p.rows)
        .await
        .unwrap();
    let last = patch(&p, &clara, &path, PART).body(bytes[PART..].to_vec());
    answer(last).await.refused(409, "part_lost");
    assert_eq!(offset(&p, &clara, &path).await, 0);
    assert_eq!(send(&p, &clara, &path, 0, &bytes).await, bytes.len());
    assert!(object(&p, &format!("{source}a.csv")).await == bytes);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_taken_back_or_forgotten_leaves_nothing() {
    let (p, clara, project) = setting().await;
    let (upload, source) = folder(&p, &clara, &project).await;
    let path = begin(&p, &clara, &upload, "a.csv", 10).await;
    let empty = begin(&p, &clara, &upload, "empty.csv", 0).await;
    assert_eq!(object(&p, &format!("{source}empty.csv")).await, "");
    assert_eq!(p.stored(&clara.namespace).await, (1, 1));
    for path in [&path, &empty] {
        let url = format!("{}{path}", p.url);
        answer(tus(p.http.delete(&url), &clara)).await.expect(204);
        let gone = tus(p.http.head(&url), &clara).send().await.unwrap();
        assert_eq!(gone.status(), 404);
    }
    assert_eq!(p.stored(&clara.namespace).await, (0, 0));

    begin(&p, &clara, &upload, "b.csv", 10).await;
    // The folder of the first is a dataset's, by its other file; that of the second is forgotten.
    sqlx::query("update uploads set state = 'done'")
        .execute(&p.rows)
        .await
        .unwrap();
    let (second, _) = folder(&p, &clara, &project).await;
    begin(&p, &clara, &second, "c.csv", 10).await;
    sqlx::query("update uploads set created_at = created_at - interval '2 days'")
        .execute(&p.rows)
        .await
        .unwrap();
    assert_eq!(p.stored(&clara.namespace).await, (0, 2));
    let swept = run(&p, "forgotten-uploads", &[]).await;
    assert!(swept.status.success(), "{swept:?}");
    assert_eq!(p.stored(&clara.namespace).await, (0, 0));
    assert_eq!(p.count("select count(*) from upload_files").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_not_of_the_protocol_is_told_what_is() {
    let (p, clara, project) = setting().await;
    let (upload, _) = folder(&p, &clara, &project).await;
    let files = format!("{}/uploads/{upload}/files", p.url);
    let other = answer(p.http.post(&files).bearer_auth(&clara.token)).await;
    let version = other.headers.get("tus-version").cloned();
    other.refused(412, "tus_version");
    assert_eq!(version.unwrap(), "1.0.0");
    let refused = async |headers: Value, member: &str| {
        let mut request = tus(p.http.post(&files), &clara);
        for (name, value) in headers.as_object().unwrap() {
            request = request.header(name, value.as_str().unwrap());
        }
        let refused = answer(request).await.refused(422, "invalid_request");
        assert!(refused["details"][member].is_string(), "{refused:#}");
    };
    let name = "filename YS5jc3Y=";
    refused(json!({"upload-metadata": name}), "upload-length").await;
    refused(
        json!({"upload-metadata": name, "upload-length": "-1"}),
        "upload-length",
    )
    .await;
    refused(json!({"upload-length": "3"}), "upload-metadata").await;
    let out = "filename Li4vYS5jc3Y=";
    refused(
        json!({"upload-metadata": out, "upload-length": "3"}),
        "name",
    )
    .await;
    let large = usize::try_from(p.app.settings.max_upload_bytes).unwrap() + 1;
    begun(&p, &clara, &upload, "a.csv", large)
        .await
        .refused(413, "payload_too_large");
    assert_eq!(p.stored(&clara.namespace).await, (0, 0));
}
