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
    session.keys = None;
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
