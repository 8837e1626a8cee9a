//! Futures that are dropped at one of their waits, as a request's is whose client went away.

use std::{future::poll_fn, pin::pin, task::Poll};

use datacrowd_api_server::database::pool;
use datacrowd_testkit::TestDatabase;

/// Runs a future to its end, or drops it at its `kill`th wait. With how many steps it took.
pub async fn until<F: Future>(future: F, kill: Option<usize>) -> (usize, Option<F::Output>) {
    let mut future = pin!(future);
    let mut steps = 0;
    poll_fn(|context| {
        steps += 1;
        match future.as_mut().poll(context) {
            Poll::Ready(output) => Poll::Ready((steps, Some(output))),
            Poll::Pending if kill.is_some_and(|kill| steps >= kill) => Poll::Ready((steps, None)),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

#[tokio::test]
async fn a_transaction_dropped_while_it_begins_takes_nobodys_writes_with_it() {
    let database = TestDatabase::create("payments").await;
    let (server, witness) = (pool(&database.app_url(), 1).unwrap(), database.owner_pool());
    for kill in 1.. {
        let (_, begun) = until(server.begin(), Some(kill)).await;
        let begun = begun.transpose().unwrap().is_some();
        sqlx::query("insert into events (kind, subject, actor) values ('next', 'one', 'system')")
            .execute(&server)
            .await
            .unwrap();
        let seen: i64 = sqlx::query_scalar("select count(*) from events")
            .fetch_one(&witness)
            .await
            .unwrap();
        assert_eq!(seen, kill as i64, "dropped at wait {kill}");
        if begun {
            break;
        }
    }
}
