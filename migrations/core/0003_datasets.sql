create table datasets (
    id               uuid primary key,
    tenant_id        uuid not null references tenants,
    project_id       uuid not null references projects,
    namespace        text not null,
    name             text not null,
    bound_uid        uuid,
    generation       bigint not null,
    source_path      text not null,
    source_format    text not null check (source_format in ('csv', 'jsonl')),
    -- the tenant's own bucket: the runner reads it with the tenant's credentials
    own_credentials  boolean not null default false,
    batch_size       integer not null check (batch_size between 1 and 100000),
    max_invalid_rows bigint not null check (max_invalid_rows >= 0),
    suspended        boolean not null default false,
    state            text not null default 'uploaded' check (state in ('uploaded', 'generating', 'ready', 'failed', 'completed')),
    total_items      bigint,
    tasks_created    bigint not null default 0,
    rows_rejected    bigint not null default 0,
    batches          integer not null default 0,
    -- batches with a task that is neither approved nor rejected
    open_batches     integer not null default 0 check (open_batches >= 0),
    -- where the next chunk begins; written with the rows it counts
    checkpoint       jsonb not null default '{"offset":0,"nextRow":1,"nextLine":1}',
    -- pinned when a run opens, final once a row is loaded
    source_etag      text,
    source_size      bigint,
    sha256           text,
    started_at       timestamptz,
    completed_at     timestamptz,
    created_at       timestamptz not null default now(),
    updated_at       timestamptz not null default now(),
    constraint datasets_identity unique (tenant_id, namespace, name)
);
create unique index datasets_bound_uid on datasets (bound_uid) where bound_uid is not null;
create index datasets_project on datasets (project_id);

-- A row before the first byte, so that a sweeper can abort what was left.
create table uploads (
    id           uuid primary key,
    tenant_id    uuid not null references tenants,
    object_key   text not null,
    multipart_id text,
    state        text not null default 'open' check (state in ('open', 'done', 'aborted')),
    created_at   timestamptz not null default now()
);
create index uploads_open on uploads (created_at) where state = 'open';

-- One attempt per (target, uid, attempt): a repeated request returns the same run.
create table runs (
    id         uuid primary key,
    kind       text not null check (kind in ('generate', 'export')),
    target_id  uuid not null,
    uid        uuid not null,
    attempt    integer not null check (attempt >= 1),
    -- tasks the target had when this run began: tells whether it made progress
    rows_before bigint not null default 0,
    outcome    text check (outcome in ('succeeded', 'failed')),
    reason     text,
    message    text,
    created_at timestamptz not null default now(),
    ended_at   timestamptz,
    constraint runs_attempt unique (target_id, uid, attempt),
    constraint runs_end check ((outcome is null) = (ended_at is null))
);

-- Who writes to a target now. One row per dataset or export, so that runs of one target fence each other.
create table run_holds (
    target_id uuid primary key,
    epoch     bigint not null,
    run_id    uuid not null references runs on delete cascade,
    pod_uid   text not null,
    seen_at   timestamptz not null
);

create table task_batches (
    id         bigint generated always as identity primary key,
    dataset_id uuid not null references datasets on delete cascade,
    ordinal    integer not null,
    size       integer not null default 0,
    open_tasks integer not null default 0 check (open_tasks >= 0),
    approved   integer not null default 0 check (approved >= 0),
    rejected   integer not null default 0 check (rejected >= 0),
    -- full, or its run complete: no more tasks will join
    sealed     boolean not null default false,
    status     text not null default 'new' check (status in ('new', 'ready', 'in_progress', 'done')),
    constraint task_batches_ordinal unique (dataset_id, ordinal)
);
