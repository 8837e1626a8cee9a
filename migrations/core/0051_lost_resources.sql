-- Bound rows whose resource the cluster does not have, since when, and how often that was seen.
create table lost_resources (
    uid      uuid primary key,
    kind     text not null check (kind in ('project', 'dataset', 'export')),
    first_at timestamptz not null,
    last_at  timestamptz not null,
    times    integer not null default 1 check (times >= 1)
);

-- The latest pass over what is bound: one replica makes it, all of them tell of it.
create table lost_passes (
    single   boolean primary key default true check (single),
    begun_at timestamptz not null,
    bound    bigint not null default 0,
    missing  bigint not null default 0,
    -- more is missing than a sweep may let go by itself
    stopped  boolean not null default false
);
