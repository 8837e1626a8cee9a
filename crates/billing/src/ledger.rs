//! The ledger: money moves from account to account, in rows that cannot be half written. What it holds of a
//! payment is a function of the payment's facts; a change posts the difference.

use chrono::{DateTime, Utc};
use datacrowd_protocol::ids::{PaymentId, ProjectId, TenantId};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{Billing, Page, Result, facts::Postings, payments::Locked};

/// One movement on a project's account.
#[derive(Debug, Clone)]
#[expect(
    missing_docs,
    reason = "the columns document themselves in migrations/payments"
)]
pub struct LedgerEntry {
    pub id: i64,
    pub payment: PaymentId,
    /// `payment`, `refund` or `dispute`.
    pub kind: String,
    /// Positive: the project's account gained it.
    pub amount_cents: i64,
    pub currency: String,
    pub at: DateTime<Utc>,
}

/// A project's account.
#[derive(Debug, Clone)]
pub struct Ledger {
    /// By currency, what it holds.
    pub balances: Vec<(String, i64)>,
    /// Movements, newest first.
    pub page: Page<LedgerEntry, i64>,
}

/// The accounts through which a payment's money goes.
struct Accounts {
    platform: i64,
    tenant: i64,
    project: i64,
}

async fn account(
    conn: &mut PgConnection,
    owner: &str,
    owner_id: Uuid,
    currency: &str,
) -> Result<i64> {
    sqlx::query!(
        "insert into ledger_accounts (owner, owner_id, currency) values ($1, $2, $3)
         on conflict on constraint ledger_accounts_owner do nothing",
        owner,
        owner_id,
        currency
    )
    .execute(&mut *conn)
    .await?;
    let row = sqlx::query!(
        "select id from ledger_accounts where owner = $1 and owner_id = $2 and currency = $3",
        owner,
        owner_id,
        currency
    )
    .fetch_one(conn)
    .await?;
    Ok(row.id)
}

/// What an account gained by a payment.
async fn posted(
    conn: &mut PgConnection,
    payment: PaymentId,
    kind: &str,
    account: i64,
) -> Result<i64> {
    let row = sqlx::query!(
        "select coalesce(sum(amount_cents), 0)::bigint as \"cents!\" from ledger_entries
             where payment_id = $1 and kind = $2 and account_id = $3",
        payment.0,
        kind,
        account
    )
    .fetch_one(conn)
    .await?;
    Ok(row.cents)
}

/// Posts what the ledger lacks of this payment. The caller holds the payment's lock.
pub(crate) async fn post(
    conn: &mut PgConnection,
    payment: &Locked,
    now: DateTime<Utc>,
) -> Result<()> {
    let wanted = payment.facts.postings();
    // Nothing arrived, so nothing was posted either: what arrived is never forgotten.
    if wanted == Postings::default() {
        return Ok(());
    }
    let currency = payment.currency.as_str();
    // Everywhere in this order, so that no two transactions wait for each other's new accounts.
    let accounts = Accounts {
        platform: account(conn, "platform", Uuid::nil(), currency).await?,
        tenant: account(conn, "tenant", payment.tenant.0, currency).await?,
        project: account(conn, "project", payment.project.0, currency).await?,
    };
    for (kind, wanted) in [
        ("payment", wanted.payment),
        ("refund", wanted.refund),
        ("dispute", wanted.dispute),
    ] {
        let posted = posted(conn, payment.id, kind, accounts.project).await?;
        let route = match wanted - posted {
            0 => continue,
            gained if gained > 0 => [
                (accounts.platform, accounts.tenant),
                (accounts.tenant, accounts.project),
            ],
            _ => [
                (accounts.project, accounts.tenant),
                (accounts.tenant, accounts.platform),
            ],
        };
        for (debit, credit) in route {
            sqlx::query!(
                "insert into ledger_postings (payment_id, kind, debit_account, credit_account, amount_cents, currency, created_at)
                 values ($1, $2, $3, $4, $5, $6, $7)",
                payment.id.0,
                kind,
                debit,
                credit,
                (wanted - posted).abs(),
                currency,
                now
            )
            .execute(&mut *conn)
            .await?;
        }
    }
    Ok(())
}

impl Billing {
    /// Movements on a project's account, newest first. The tenant guards whose project it is.
    ///
    /// # Errors
    /// The database failed.
    pub async fn ledger(
        &self,
        tenant: TenantId,
        project: ProjectId,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Ledger> {
        let balances = sqlx::query!(
            "select a.currency, coalesce(sum(e.amount_cents), 0)::bigint as \"cents!\"
             from ledger_accounts a join ledger_entries e on e.account_id = a.id join payments p on p.id = e.payment_id
             where a.owner = 'project' and a.owner_id = $1 and p.tenant_id = $2 group by a.currency order by a.currency",
            project.0,
            tenant.0
        )
        .fetch_all(&self.pool)
        .await?;
        let rows = sqlx::query!(
            "select e.posting_id as \"id!\", e.payment_id as \"payment!\", e.kind as \"kind!\", e.amount_cents as \"cents!\",
                    e.currency as \"currency!\", e.created_at as \"at!\"
             from ledger_accounts a join ledger_entries e on e.account_id = a.id join payments p on p.id = e.payment_id
             where a.owner = 'project' and a.owner_id = $1 and p.tenant_id = $2 and ($3::bigint is null or e.posting_id < $3)
             order by e.posting_id desc limit $4",
            project.0,
            tenant.0,
            before,
            limit + 1
        )
        .fetch_all(&self.pool)
        .await?;
        let items = rows
            .into_iter()
            .map(|r| LedgerEntry {
                id: r.id,
                payment: PaymentId(r.payment),
                kind: r.kind,
                amount_cents: r.cents,
                currency: r.currency,
                at: r.at,
            })
            .collect();
        Ok(Ledger {
            balances: balances
                .into_iter()
                .map(|b| (b.currency, b.cents))
                .collect(),
            page: Page::cut(items, limit, |e: &LedgerEntry| e.id),
        })
    }
}
