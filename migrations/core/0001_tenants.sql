-- A tenant owns namespaces; the label `datacrowd.io/tenant` on a namespace names it.
create table tenants (
    id             uuid primary key,
    name           text not null
        constraint tenants_name_key unique
        constraint tenants_name_dns check (name ~ '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$' and length(name) <= 63),
    -- where REST writes the tenant's resources
    home_namespace text constraint tenants_home_namespace_key unique,
    created_at     timestamptz not null default now()
);

create table tenant_members (
    user_id    uuid primary key,
    tenant_id  uuid not null references tenants,
    created_at timestamptz not null default now()
);
create index tenant_members_tenant on tenant_members (tenant_id);

-- A uid that was replaced or deleted; whoever still speaks for it gets 410.
create table tombstones (
    uid        uuid primary key,
    kind       text not null check (kind in ('project', 'dataset', 'export')),
    created_at timestamptz not null default now()
);

-- One row per state change, in the transaction that made it.
create table events (
    id         bigint generated always as identity primary key,
    kind       text not null,
    subject    text not null,
    actor      text not null,
    data       jsonb not null default '{}',
    created_at timestamptz not null default now()
);

-- What has to be told to another system after the commit; done rows are kept for a while.
create table outbox (
    id         bigint generated always as identity primary key,
    kind       text not null check (kind in ('billing_revision', 'delete_object')),
    payload    jsonb not null,
    attempts   integer not null default 0,
    created_at timestamptz not null default now(),
    done_at    timestamptz
);
create index outbox_open on outbox (id) where done_at is null;
