set lock_timeout = '5s';

alter table runs
    drop constraint runs_kind_check,
    add constraint runs_kind_check check (kind in ('generate', 'export', 'inspect', 'predict')) not valid;
alter table tombstones
    drop constraint tombstones_kind_check,
    add constraint tombstones_kind_check check (kind in ('project', 'dataset', 'export', 'model', 'prediction')) not valid;
alter table departures
    drop constraint departures_kind_check,
    add constraint departures_kind_check check (kind in ('project', 'dataset', 'export', 'model', 'prediction')) not valid;
alter table lost_resources
    drop constraint lost_resources_kind_check,
    add constraint lost_resources_kind_check check (kind in ('project', 'dataset', 'export', 'model', 'prediction')) not valid;

-- The index row of a Model resource.
create table models (
    id            uuid primary key,
    tenant_id     uuid not null references tenants,
    project_id    uuid not null references projects,
    namespace     text not null,
    name          text not null,
    bound_uid     uuid,
    generation    bigint not null,
    source_path   text not null,
    -- what its spec says that the file is
    pinned_sha256 text,
    input         jsonb not null,
    output        jsonb not null,
    state         text not null default 'pending' check (state in ('pending', 'checking', 'ready', 'failed')),
    -- the file as the first run that could use it found it
    sha256        text,
    size_bytes    bigint,
    found         jsonb,
    -- over all predictions, also those that were replaced or removed
    predicted     bigint not null default 0 check (predicted >= 0),
    micros        bigint not null default 0 check (micros >= 0),
    created_at    timestamptz not null default now(),
    updated_at    timestamptz not null default now(),
    constraint models_identity unique (tenant_id, namespace, name),
    constraint models_ready check (state <> 'ready' or (sha256 is not null and found is not null))
);
create unique index models_bound_uid on models (bound_uid) where bound_uid is not null;
create index models_project on models (project_id, id);

-- The index row of a Prediction resource: one run of a model over a dataset.
create table prediction_jobs (
    id           uuid primary key,
    tenant_id    uuid not null references tenants,
    project_id   uuid not null references projects,
    model_id     uuid not null references models on delete cascade,
    dataset_id   uuid not null references datasets on delete cascade,
    namespace    text not null,
    name         text not null,
    bound_uid    uuid,
    generation   bigint not null,
    state        text not null default 'pending' check (state in ('pending', 'running', 'ready', 'failed')),
    -- the row that was told of last; written with the predictions it counts
    after_row    bigint not null default 0,
    predicted    bigint not null default 0 check (predicted >= 0),
    failed       bigint not null default 0 check (failed >= 0),
    failed_items jsonb not null default '[]',
    started_at   timestamptz,
    completed_at timestamptz,
    created_at   timestamptz not null default now(),
    updated_at   timestamptz not null default now(),
    constraint prediction_jobs_identity unique (tenant_id, namespace, name)
);
create unique index prediction_jobs_bound_uid on prediction_jobs (bound_uid) where bound_uid is not null;
create index prediction_jobs_project on prediction_jobs (project_id, id);
create index prediction_jobs_model on prediction_jobs (model_id, dataset_id);
create index prediction_jobs_dataset on prediction_jobs (dataset_id);

-- What a model says of a task: one word.
create table predictions (
    task_id       bigint not null references tasks on delete cascade,
    model_id      uuid not null references models on delete cascade,
    label         jsonb not null,
    probability   double precision not null check (probability between 0 and 1),
    probabilities jsonb not null,
    micros        bigint not null,
    created_at    timestamptz not null,
    primary key (task_id, model_id)
);
create index predictions_model on predictions (model_id, task_id);

-- Whether each record holds what models say of its task.
alter table exports add column predictions boolean not null default false;
