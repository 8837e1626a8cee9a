-- Where a tenant wants to be told.
create table webhook_endpoints (
    id              uuid primary key,
    tenant_id       uuid not null,
    -- null: of every project of the tenant
    project_id      uuid,
    url             text not null check (length(url) <= 2000),
    -- empty: of every type
    event_types     text[] not null default '{}',
    description     text not null default '',
    suspended       boolean not null default false,
    -- the platform's own decision, after days of failures or on 410
    disabled_at     timestamptz,
    disabled_reason text,
    -- since when every attempt failed
    failing_since   timestamptz,
    -- nothing is sent before this
    slow_until      timestamptz,
    secret          bytea not null,
    secret_key      text not null,
    previous_secret bytea,
    previous_key    text,
    previous_until  timestamptz,
    created_at      timestamptz not null,
    updated_at      timestamptz not null,
    -- Asked for twice, it is there once.
    constraint webhook_endpoints_once unique nulls not distinct (tenant_id, project_id, url),
    constraint webhook_endpoints_disabled check ((disabled_at is null) = (disabled_reason is null)),
    constraint webhook_endpoints_previous check (num_nulls(previous_secret, previous_key, previous_until) in (0, 3))
);
create index webhook_endpoints_tenant on webhook_endpoints (tenant_id, id);

-- One event on its way to one endpoint.
create table deliveries (
    id          bigint generated always as identity primary key,
    endpoint_id uuid not null references webhook_endpoints on delete cascade,
    event_id    uuid not null,
    event_at    timestamptz not null,
    state       text not null default 'pending' check (state in ('pending', 'delivered', 'failed')),
    attempts    int not null default 0,
    -- of the next attempt; whoever makes one moves it ahead of the attempt's end
    due_at      timestamptz not null,
    created_at  timestamptz not null,
    ended_at    timestamptz,
    -- An event is told to an endpoint once, however often it is relayed.
    constraint deliveries_once unique (endpoint_id, event_id),
    constraint deliveries_ended check ((state = 'pending') = (ended_at is null))
);
create index deliveries_due on deliveries (endpoint_id, due_at, id) where state = 'pending';
create index deliveries_ended_at on deliveries (ended_at) where state <> 'pending';

-- Each attempt, written before it begins: one that was cut off has neither answer nor failure.
create table attempts (
    id          bigint generated always as identity primary key,
    delivery_id bigint not null references deliveries on delete cascade,
    began_at    timestamptz not null,
    millis      int,
    -- of the answer
    status      smallint,
    answer      text,
    -- why there was none, or why it does not count
    failure     text
);
create index attempts_delivery on attempts (delivery_id, id);
