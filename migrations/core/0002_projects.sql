create sequence task_queue_pos;

-- The index row of a Project resource. Its id belongs to (tenant, namespace, name); bound_uid is the
-- incarnation that speaks for it, null while none does.
create table projects (
    id               uuid primary key,
    tenant_id        uuid not null references tenants,
    namespace        text not null,
    name             text not null,
    bound_uid        uuid,
    generation       bigint not null,
    display_name     text not null,
    description      text not null default '',
    data_type        text not null check (data_type in ('text', 'image', 'audio', 'video', 'json')),
    state            text not null default 'active' check (state in ('active', 'paused', 'completed', 'closed', 'deleting')),
    paused           boolean not null default false,
    deletion_policy  text not null check (deletion_policy in ('retain', 'delete')),
    refusal          text,
    -- the labeling in force; version 0 until one was accepted
    labeling_version integer not null default 0,
    answers_per_task integer not null default 1 check (answers_per_task between 1 and 25),
    -- set when the first run opens: from then on answers_per_task cannot change
    slots_frozen     boolean not null default false,
    reviewers_count  integer not null default 1 check (reviewers_count between 0 and 9),
    reward_points    integer not null default 0 check (reward_points >= 0),
    lock_seconds     integer not null default 600 check (lock_seconds between 1 and 86400),
    on_reject        text not null default 'requeue' check (on_reject in ('requeue', 'close')),
    max_rejections   integer not null default 3 check (max_rejections >= 1),
    audience         text not null default 'public' check (audience in ('public', 'members')),
    -- judgements; task_quota is the sum of grants, and may fall below tasks_used after a refund
    task_quota       bigint not null default 0 check (task_quota >= 0),
    tasks_used       bigint not null default 0 check (tasks_used >= 0),
    billing_status   text not null default 'unpaid' check (billing_status in ('unpaid', 'pending', 'paid')),
    -- no open position lies below; a hint that the sweeper refreshes
    queue_floor      bigint not null default 0,
    created_at       timestamptz not null default now(),
    updated_at       timestamptz not null default now(),
    constraint projects_identity unique (tenant_id, namespace, name)
);
create unique index projects_bound_uid on projects (bound_uid) where bound_uid is not null;

create table labeling_versions (
    project_id uuid not null references projects on delete cascade,
    version    integer not null,
    labeling   jsonb not null,
    created_at timestamptz not null default now(),
    primary key (project_id, version)
);

-- Absolute grants: the same id may be repeated with a higher version, never added twice.
create table grants (
    project_id uuid not null references projects on delete cascade,
    grant_id   text not null,
    judgements bigint not null check (judgements >= 0),
    version    bigint not null default 1,
    created_at timestamptz not null default now(),
    primary key (project_id, grant_id)
);

-- The list of workers for audience 'members', and the workers a client blocked.
create table project_workers (
    project_id uuid not null references projects on delete cascade,
    user_id    uuid not null,
    standing   text not null check (standing in ('member', 'blocked')),
    created_at timestamptz not null default now(),
    primary key (project_id, user_id)
);
