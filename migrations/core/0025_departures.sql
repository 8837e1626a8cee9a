-- A resource whose namespace was given to another tenant, or to none. Its rows stay with the tenant it was bound
-- for, unbound; only that tenant may speak for it again, when the namespace comes back.
create table departures (
    uid        uuid primary key,
    kind       text not null check (kind in ('project', 'dataset', 'export')),
    tenant_id  uuid not null references tenants,
    -- its row, whose leases end
    target_id  uuid not null,
    created_at timestamptz not null default now()
);
create index departures_target on departures (target_id);
