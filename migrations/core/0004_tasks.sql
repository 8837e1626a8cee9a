-- A task is a row of a dataset with `slots` places for answers. Its status is a function of its counters.
create table tasks (
    id               bigint generated always as identity primary key,
    project_id       uuid not null,
    dataset_id       uuid not null references datasets on delete cascade,
    batch_id         bigint not null references task_batches on delete cascade,
    row_no           bigint not null,
    payload          jsonb not null,
    external_id      text,
    -- set by the first claim
    labeling_version integer,
    slots            smallint not null check (slots between 1 and 25),
    slots_free       smallint not null check (slots_free >= 0),
    leased           smallint not null default 0 check (leased >= 0),
    in_review        smallint not null default 0 check (in_review >= 0),
    approved         smallint not null default 0 check (approved >= 0),
    rejections       smallint not null default 0 check (rejections >= 0),
    status           text not null generated always as (
        case
            when approved >= slots then 'approved'
            when slots_free > 0 then 'new'
            when leased > 0 then 'locked'
            when in_review > 0 then 'in_review'
            else 'rejected'
        end) stored,
    lane             smallint not null default 0,
    -- null when nothing is to be had of the task
    queue_pos        bigint,
    constraint tasks_row unique (dataset_id, row_no),
    constraint tasks_slots check (slots_free + leased + in_review + approved <= slots),
    constraint tasks_queued check (queue_pos is null or slots_free > 0)
);
create unique index tasks_queue on tasks (project_id, lane, queue_pos) where queue_pos is not null;

create table leases (
    task_id    bigint not null references tasks on delete cascade,
    user_id    uuid not null,
    token      bigint generated always as identity,
    project_id uuid not null,
    locked_at  timestamptz not null,
    expires_at timestamptz not null,
    primary key (task_id, user_id)
);
create index leases_user on leases (user_id);
create index leases_expiry on leases (expires_at);

create table skips (
    task_id    bigint not null references tasks on delete cascade,
    user_id    uuid not null,
    reason     text not null,
    created_at timestamptz not null default now(),
    primary key (task_id, user_id)
);

-- A worker's own last position in a project: skips what they did, and the dead entries before it.
create table worker_cursors (
    user_id    uuid not null,
    project_id uuid not null references projects on delete cascade,
    queue_pos  bigint not null,
    claimed_at timestamptz not null,
    primary key (user_id, project_id)
) with (fillfactor = 50);

create table answers (
    id               bigint generated always as identity primary key,
    task_id          bigint not null references tasks on delete cascade,
    project_id       uuid not null,
    user_id          uuid not null,
    -- the lease it was submitted under: a repeated submit finds its answer
    lease_token      bigint not null constraint answers_lease unique,
    labeling_version integer not null,
    answer           jsonb not null,
    status           text not null check (status in ('in_review', 'approved', 'rejected', 'withdrawn', 'voided')),
    reviewers_needed smallint not null,
    approvals        smallint not null default 0,
    rejections       smallint not null default 0,
    active_millis    bigint check (active_millis >= 0),
    claimed_at       timestamptz not null,
    submitted_at     timestamptz not null,
    decided_at       timestamptz,
    constraint answers_votes check (approvals + rejections <= greatest(reviewers_needed, 0))
);
create unique index answers_once on answers (task_id, user_id) where status not in ('withdrawn', 'voided');
create index answers_user on answers (user_id, id);
create index answers_to_review on answers (project_id, id) where status = 'in_review';

create table reviews (
    id         bigint generated always as identity primary key,
    answer_id  bigint not null references answers on delete cascade,
    user_id    uuid not null,
    decision   text not null check (decision in ('approved', 'rejected')),
    comment    text not null default '',
    created_at timestamptz not null,
    constraint reviews_once unique (answer_id, user_id),
    constraint reviews_comment check (decision = 'approved' or comment <> '')
);

-- A reviewer's short hold on an answer, so that two reviewers are shown different ones.
create table review_leases (
    answer_id  bigint not null references answers on delete cascade,
    user_id    uuid not null,
    expires_at timestamptz not null,
    primary key (answer_id, user_id)
);
create index review_leases_user on review_leases (user_id);

-- Append-only. Drawn under a shared lock per project, so that a watermark has nothing uncommitted below it.
create table approval_events (
    seq        bigint generated always as identity primary key,
    project_id uuid not null,
    dataset_id uuid not null,
    task_id    bigint not null,
    answer_id  bigint not null references answers on delete cascade,
    kind       text not null check (kind in ('approved', 'revoked')),
    created_at timestamptz not null
);
create index approval_events_export on approval_events (project_id, task_id, seq);
create index approval_events_answer on approval_events (answer_id, seq);

-- Append-only, here and only here.
create table points_ledger (
    id           bigint generated always as identity primary key,
    user_id      uuid not null,
    project_id   uuid not null,
    answer_id    bigint not null,
    approval_seq bigint not null constraint points_ledger_once unique,
    points       integer not null,
    created_at   timestamptz not null
);
create index points_ledger_user on points_ledger (user_id, id);
