-- Every event of Stripe that carried a good signature, once, in the transaction of its effect.
create table stripe_events (
    id                text constraint stripe_events_once primary key,
    kind              text not null,
    -- applied; ignored: not about our payments; parked: its payment is not known yet; mismatch: kept for a person, never credited
    outcome           text not null check (outcome in ('applied', 'ignored', 'parked', 'mismatch')),
    reason            text,
    payment_id        uuid references payments,
    -- what a parked event waits for
    payment_intent_id text,
    payload           jsonb not null,
    received_at       timestamptz not null,
    settled_at        timestamptz,
    constraint stripe_events_reason check ((outcome = 'mismatch') <= (reason is not null)),
    constraint stripe_events_parked check (outcome <> 'parked' or payment_intent_id is not null)
);
create index stripe_events_parked on stripe_events (payment_intent_id) where outcome = 'parked';
create index stripe_events_payment on stripe_events (payment_id) where payment_id is not null;

-- One row per state change, in the transaction that made it.
create table events (
    id         bigint generated always as identity primary key,
    kind       text not null,
    subject    text not null,
    actor      text not null,
    data       jsonb not null default '{}',
    created_at timestamptz not null default now()
);

-- What the context core must be told after the commit: a payment's absolute state at a version.
create table outbox (
    id         bigint generated always as identity primary key,
    payment_id uuid not null references payments,
    payload    jsonb not null,
    attempts   integer not null default 0,
    created_at timestamptz not null default now(),
    done_at    timestamptz
);
create index outbox_open on outbox (attempts, id) where done_at is null;
