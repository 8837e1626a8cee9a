//! How the planner is told to read by indices. A session keeps the plan of a statement, which may have been made when a table
//! was empty, or of guesses about parameters that it did not see: a range of numbers is taken for half a percent.

use sqlx::PgConnection;

use crate::Result;

/// No statement of this transaction reads a table from its beginning to its end.
pub(crate) async fn by_index(conn: &mut PgConnection) -> Result<()> {
    sqlx::query!("set local enable_seqscan = off")
        .execute(conn)
        .await?;
    Ok(())
}

/// The same; and what an index has in order is read in its order, up to the limit, instead of read as a whole and sorted.
pub(crate) async fn in_order(conn: &mut PgConnection) -> Result<()> {
    by_index(conn).await?;
    sqlx::query!("set local enable_sort = off")
        .execute(conn)
        .await?;
    Ok(())
}
