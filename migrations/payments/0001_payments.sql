-- Codes are our own price, never Stripe's, so that the amount of a session always equals ours.
create table promo_codes (
    code             text primary key check (code ~ '^[A-Z0-9][A-Z0-9_-]{2,39}$'),
    percent_off      integer check (percent_off between 1 and 100),
    amount_off_cents bigint check (amount_off_cents > 0),
    currency         text check (currency ~ '^[A-Z]{3}$'),
    max_redemptions  bigint check (max_redemptions > 0),
    max_per_client   bigint check (max_per_client > 0),
    redeemed         bigint not null default 0 check (redeemed >= 0),
    valid_from       timestamptz not null,
    valid_until      timestamptz,
    created_at       timestamptz not null,
    constraint promo_codes_one_discount check (num_nonnulls(percent_off, amount_off_cents) = 1),
    constraint promo_codes_fixed_currency check ((amount_off_cents is null) = (currency is null)),
    constraint promo_codes_period check (valid_until is null or valid_until > valid_from)
);

create table promo_clients (
    code      text not null references promo_codes,
    tenant_id uuid not null,
    redeemed  bigint not null check (redeemed >= 0),
    primary key (code, tenant_id)
);

-- One purchase of judgements for one project. What Stripe tells of it only ever grows (paid, the most
-- refunded so far, how each dispute stands), so that its events may arrive in any order.
create table payments (
    id                       uuid primary key,
    tenant_id                uuid not null,
    project_id               uuid not null,
    user_id                  uuid not null,
    judgements               bigint not null check (judgements > 0),
    list_cents               bigint not null check (list_cents > 0),
    amount_cents             bigint not null check (amount_cents between 0 and list_cents),
    currency                 text not null check (currency ~ '^[A-Z]{3}$'),
    livemode                 boolean not null,
    promo_code               text references promo_codes,
    -- whether promo_code still counts this purchase
    promo_held               boolean not null default false check (not promo_held or promo_code is not null),
    -- what the client sent to make a repeat safe, and what was asked for under it
    request_key              text,
    request                  text not null,
    -- sent with every attempt to open the session; stored before the first
    stripe_idempotency_key   text not null constraint payments_idempotency_key unique,
    stripe_session_id        text constraint payments_session unique,
    stripe_payment_intent_id text constraint payments_intent unique,
    checkout_url             text,
    checkout                 text not null default 'pending' check (checkout in ('pending', 'expired', 'failed', 'paid')),
    refunded_cents           bigint not null default 0 check (refunded_cents between 0 and amount_cents),
    -- raised with every change; what other systems are told carries it
    version                  bigint not null default 1,
    created_at               timestamptz not null,
    paid_at                  timestamptz,
    updated_at               timestamptz not null,
    constraint payments_paid check ((checkout = 'paid') = (paid_at is not null))
);
create unique index payments_request on payments (tenant_id, user_id, request_key) where request_key is not null;
-- A repeat without a key finds the purchase that never reached Stripe, instead of making another.
create unique index payments_unopened on payments (tenant_id, user_id, request)
    where request_key is null and stripe_session_id is null and checkout = 'pending';
create index payments_tenant on payments (tenant_id, id);
create index payments_open on payments (created_at) where checkout = 'pending';

create table disputes (
    id           text primary key,
    payment_id   uuid not null references payments,
    amount_cents bigint not null check (amount_cents >= 0),
    standing     text not null check (standing in ('inquiry', 'open', 'lost', 'won'))
);
create index disputes_payment on disputes (payment_id);
