create table exports (
    id           uuid primary key,
    tenant_id    uuid not null references tenants,
    project_id   uuid not null references projects,
    dataset_id   uuid references datasets on delete cascade,
    namespace    text not null,
    name         text not null,
    bound_uid    uuid,
    generation   bigint not null,
    format       text not null check (format in ('jsonl', 'csv')),
    trigger      text not null check (trigger in ('now', 'when_completed')),
    row_per      text not null check (row_per in ('answer', 'task')),
    since        bigint,
    raw_cells    boolean not null default false,
    state        text not null default 'pending' check (state in ('pending', 'running', 'ready', 'failed', 'expired')),
    -- taken once, when the first run opens
    watermark    bigint,
    columns      jsonb,
    object_key   text,
    multipart_id text,
    rows         bigint,
    size_bytes   bigint,
    sha256       text,
    expires_at   timestamptz,
    completed_at timestamptz,
    created_at   timestamptz not null default now(),
    updated_at   timestamptz not null default now(),
    constraint exports_identity unique (tenant_id, namespace, name),
    constraint exports_ready check (state <> 'ready' or (object_key is not null and rows is not null and sha256 is not null))
);
create unique index exports_bound_uid on exports (bound_uid) where bound_uid is not null;
create index exports_project on exports (project_id, id);
