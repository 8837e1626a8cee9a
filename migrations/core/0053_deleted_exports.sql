-- What exports of which nothing else is left had given out: a decision on an answer among it is not undone.
create table deleted_exports (
    project_id uuid not null references projects on delete cascade,
    -- all of the project's when null
    dataset_id uuid,
    -- approvals after this one
    since      bigint,
    -- and up to this one
    watermark  bigint not null,
    deleted_at timestamptz not null default now()
);
create index deleted_exports_project on deleted_exports (project_id);

-- A file is looked up by its key when a namespace changes hands.
create index exports_object_key on exports (object_key) where object_key is not null;
create index datasets_source on datasets (namespace, source_path);
