-- Money in minor units. An account is the platform's, a tenant's or a project's, in one currency.
create table ledger_accounts (
    id       bigint generated always as identity primary key,
    owner    text not null check (owner in ('platform', 'tenant', 'project')),
    owner_id uuid not null,
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    constraint ledger_accounts_owner unique (owner, owner_id, currency),
    constraint ledger_accounts_currency unique (id, currency)
);

-- A posting moves an amount from one account to another of the same currency, in one row: there is no
-- way to write half of it, so every set of rows sums to zero.
create table ledger_postings (
    id             bigint generated always as identity primary key,
    payment_id     uuid not null references payments,
    kind           text not null check (kind in ('payment', 'refund', 'dispute')),
    debit_account  bigint not null,
    credit_account bigint not null,
    amount_cents   bigint not null check (amount_cents > 0),
    currency       text not null,
    created_at     timestamptz not null,
    constraint ledger_postings_two_accounts check (debit_account <> credit_account),
    foreign key (debit_account, currency) references ledger_accounts (id, currency),
    foreign key (credit_account, currency) references ledger_accounts (id, currency)
);
create index ledger_postings_payment on ledger_postings (payment_id);
create index ledger_postings_debit on ledger_postings (debit_account, id);
create index ledger_postings_credit on ledger_postings (credit_account, id);

create function ledger_is_append_only() returns trigger language plpgsql as $$
begin
    raise exception 'the ledger is append-only; post the opposite instead';
end $$;
create trigger ledger_postings_append_only before update or delete or truncate on ledger_postings
    for each statement execute function ledger_is_append_only();

-- The same as entries: what each account gained (positive) or gave.
create view ledger_entries as
    select id as posting_id, payment_id, kind, credit_account as account_id, amount_cents, currency, created_at from ledger_postings
    union all
    select id, payment_id, kind, debit_account, -amount_cents, currency, created_at from ledger_postings;
