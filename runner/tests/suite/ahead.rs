//! While a chunk is loaded the next one is on its way, all but its end.

use std::time::Duration;

use datacrowd_protocol::{exit, source::SourceFormat::Jsonl};
use datacrowd_runner::generate::generate;

use crate::{
    fake::{Fake, Fault},
    generate::until,
};

fn rows(count: usize) -> String {
    (1..=count)
        .map(|row| format!("{{\"id\":{row}}}\n"))
        .collect()
}

#[tokio::test]
async fn a_chunk_begins_while_the_one_before_is_loaded_and_ends_after_it() {
    let fake = Fake::start(Jsonl, rows(12_000)).await;
    fake.fault("tasks", Fault::Delay(60_000));
    let session = fake.session();
    tokio::select! {
        _ = generate(&session) => panic!("it should hang in its first chunk"),
        () = until(|| fake.calls("begun") == 2) => {}
    }
    assert_eq!((fake.calls("tasks"), fake.world().tasks.len()), (1, 0));
}

#[tokio::test]
async fn tries_are_not_spent_on_waiting_for_the_chunk_before() {
    let fake = Fake::start(Jsonl, rows(12_000)).await;
    fake.fault("tasks", Fault::Delay(1_500));
    let session = fake.impatient();
    let away = async {
        until(|| fake.calls("tasks") == 1).await;
        for _ in 0..1_000 {
            fake.fault("begun", Fault::Status(503));
        }
        // Longer than such a pod tries.
        tokio::time::sleep(Duration::from_secs(1)).await;
        fake.mend("begun");
    };
    let (end, ()) = tokio::join!(generate(&session), away);
    assert_eq!(end.exit_code(), exit::DONE);
    assert!(fake.calls("begun") > 5, "{}", fake.calls("begun"));
    assert_eq!(fake.world().tasks.len(), 12_000);
}
