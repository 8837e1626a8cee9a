//! A tenant's own bucket: the runner signs, finds and pins the object itself.

use datacrowd_protocol::{exit, run::RunReason, source::SourceFormat::Csv};
use datacrowd_runner::generate::generate;

use crate::fake::{Fake, Fault};

async fn own(text: &'static str) -> Fake {
    let fake = Fake::start(Csv, text).await;
    {
        let mut world = fake.world();
        world.signed = false;
        world.pinned = None;
    }
    fake
}

#[tokio::test]
async fn the_object_is_found_pinned_and_read() {
    let fake = own("a\n1\n").await;
    assert_eq!(generate(&fake.session()).await.exit_code(), exit::DONE);
    let world = fake.world();
    let found = world.opens[1].source.as_ref().unwrap();
    assert_eq!((found.etag.as_str(), found.size_bytes), ("\"v1\"", 4));
    assert_eq!((world.opens.len(), world.tasks.len()), (2, 1));
}

#[tokio::test]
async fn wrong_keys_missing_rights_and_a_missing_file_are_told_apart() {
    for (head, get, reason, code) in [
        (
            403,
            "InvalidAccessKeyId",
            RunReason::CredentialsRejected,
            exit::FORBIDDEN,
        ),
        (
            403,
            "SignatureDoesNotMatch",
            RunReason::CredentialsRejected,
            exit::FORBIDDEN,
        ),
        (
            403,
            "AccessDenied",
            RunReason::SourceForbidden,
            exit::FORBIDDEN,
        ),
        (404, "NoSuchKey", RunReason::SourceNotFound, exit::GONE),
        (
            301,
            "PermanentRedirect",
            RunReason::Misconfigured,
            exit::MISCONFIGURED,
        ),
    ] {
        let fake = own("a\n1\n").await;
        fake.fault("head", Fault::S3(head, get));
        fake.fault("source", Fault::S3(head, get));
        assert_eq!(generate(&fake.session()).await.exit_code(), code, "{get}");
        assert_eq!(fake.world().completes[0].reason, Some(reason), "{get}");
    }
}

#[tokio::test]
async fn a_secret_without_keys_is_named() {
    let fake = own("a\n1\n").await;
    let mut session = fake.session();
    session.own.keys = None;
    assert_eq!(generate(&session).await.exit_code(), exit::MISCONFIGURED);
    let world = fake.world();
    assert!(
        world.completes[0]
            .message
            .as_ref()
            .unwrap()
            .contains("AWS_ACCESS_KEY_ID")
    );
}

#[tokio::test]
async fn a_file_that_was_replaced_before_the_first_row_is_taken_as_it_is_now() {
    let fake = own("a\n1\n").await;
    fake.world().pinned = Some("\"v0\"".to_owned());
    assert_eq!(generate(&fake.session()).await.exit_code(), exit::DONE);
    assert_eq!(fake.world().tasks.len(), 1);
}

#[tokio::test]
async fn an_endpoint_that_is_not_allowed_is_refused_in_the_same_words_whatever_is_behind_it() {
    let fake = own("a\n1\n").await;
    let url = fake.world().url.clone();
    let port = url.rsplit(':').next().unwrap().to_owned();
    let aws = "*.amazonaws.com";
    let names = "localhost,localhost.localdomain";
    let table = [
        // Nothing but AWS: by address, by name, in every spelling.
        (aws, url.clone(), "us-east-1"),
        (aws, format!("http://localhost:{port}"), "us-east-1"),
        (aws, format!("http://2130706433:{port}"), "us-east-1"),
        (aws, format!("http://0x7f.1:{port}"), "us-east-1"),
        (
            aws,
            format!("http://[::ffff:127.0.0.1]:{port}"),
            "us-east-1",
        ),
        (aws, "http://169.254.169.254/latest".to_owned(), "us-east-1"),
        (aws, "http://10.0.0.1:1".to_owned(), "us-east-1"),
        (aws, "https://s3.evil.example".to_owned(), "us-east-1"),
        // The name is allowed, and what it resolves to is not.
        (names, format!("http://localhost:{port}"), "us-east-1"),
        // Allowed, with something more in it.
        ("127.0.0.0/8", format!("{url}/?x=1"), "us-east-1"),
        ("127.0.0.0/8", format!("{url}/#x"), "us-east-1"),
        (
            "127.0.0.0/8",
            format!("http://user@127.0.0.1:{port}"),
            "us-east-1",
        ),
        (
            "127.0.0.0/8",
            format!("http://:secret@127.0.0.1:{port}"),
            "us-east-1",
        ),
        (
            "127.0.0.0/8",
            format!("ftp://127.0.0.1:{port}"),
            "us-east-1",
        ),
        ("127.0.0.0/8", "no url at all".to_owned(), "us-east-1"),
        // A region that would be a host.
        (aws, String::new(), "evil.example/"),
        (aws, String::new(), "evil.example/?"),
        ("", String::new(), "us-east-1"),
    ];
    let mut messages = std::collections::BTreeSet::new();
    for (allowed, endpoint, region) in &table {
        let mut session = fake.impatient();
        session.own.endpoints = allowed.parse().unwrap();
        let keys = session.own.keys.as_mut().unwrap();
        keys.endpoint = Some(endpoint.clone()).filter(|endpoint| !endpoint.is_empty());
        keys.region = (*region).to_owned();
        let end = generate(&session).await;
        assert_eq!(
            end.exit_code(),
            exit::FORBIDDEN,
            "{endpoint} {region}: {end:?}"
        );
        let ended = fake.world().completes.pop().unwrap();
        assert_eq!(ended.reason, Some(RunReason::SourceForbidden), "{endpoint}");
        messages.insert(ended.message.unwrap());
    }
    assert_eq!(messages.len(), 1, "{messages:?}");
    let message = messages.first().unwrap();
    assert!(message.contains("objectStore.tenantEndpoints"), "{message}");
    assert_eq!((fake.calls("head"), fake.calls("source")), (0, 0));
}

#[tokio::test]
async fn a_private_endpoint_is_read_once_its_name_and_its_network_are_listed() {
    let fake = own("a\n1\n").await;
    let port = fake.world().url.rsplit(':').next().unwrap().to_owned();
    let mut session = fake.session();
    session.own.endpoints = "localhost,127.0.0.0/8".parse().unwrap();
    session.own.keys.as_mut().unwrap().endpoint = Some(format!("http://localhost:{port}/"));
    assert_eq!(generate(&session).await.exit_code(), exit::DONE);
    assert_eq!(fake.world().tasks.len(), 1);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let fake = own("a\n1\n").await;
    fake.fault("head", Fault::S3(307, "TemporaryRedirect"));
    assert_eq!(
        generate(&fake.session()).await.exit_code(),
        exit::MISCONFIGURED
    );
    assert_eq!((fake.calls("head"), fake.calls("source")), (1, 0));
}

#[tokio::test]
async fn what_another_server_answers_is_not_repeated() {
    let fake = own("a\n1\n").await;
    fake.fault("head", Fault::S3(403, ""));
    fake.fault("source", Fault::S3(403, "token: hunter2"));
    generate(&fake.session()).await;
    let message = fake.world().completes[0].message.clone().unwrap();
    assert!(
        message.contains("403") && !message.contains("hunter2"),
        "{message}"
    );
}
