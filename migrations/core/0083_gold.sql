set lock_timeout = '5s';

-- Tasks with a known answer, mixed into a worker's own queue. They stand beside the tasks: no count, batch, export or fit reads
-- these tables unless it means to. docs/quality.md says what a worker may see of them: nothing.

-- Of a Dataset whose rows are gold: {"columns": {"<field>": "<column>"}, "explain": "<column>"}. Null for one whose rows are tasks.
alter table datasets
    add column gold       jsonb,
    add column gold_items bigint not null default 0 check (gold_items >= 0);
-- Null where nobody is given gold. Set from the labeling in force.
alter table projects
    add column gold_onboarding integer,
    add column gold_every      integer,
    add constraint projects_gold check (num_nulls(gold_onboarding, gold_every) in (0, 2) and gold_onboarding >= 0 and gold_every >= 0);

create table gold_items (
    id          bigint generated always as identity primary key,
    project_id  uuid not null references projects on delete cascade,
    -- beside whose source its files lie
    dataset_id  uuid not null references datasets on delete cascade,
    row_no      bigint not null,
    -- the task that it was made of
    task_id     bigint constraint gold_items_task unique references tasks on delete cascade,
    -- without the columns that say what is right
    payload     jsonb not null,
    -- a value for each field that is known
    expected    jsonb not null,
    explanation text,
    -- nobody is given it any more, and what was answered to it counts no more
    retired_at  timestamptz,
    created_at  timestamptz not null,
    constraint gold_items_row unique (dataset_id, row_no)
);
create index gold_items_project on gold_items (project_id, id);
create index gold_items_drawn on gold_items (project_id, id) where retired_at is null;

-- How many tasks a worker has taken in a project since gold is mixed into it.
alter table worker_cursors add column taken bigint not null default 0;

-- A gold item in one worker's queue, in the place of a task: all that the worker sees but the main columns is that task's.
create table gold_draws (
    -- drawn from among the ids of tasks that no task has
    id               bigint primary key,
    item_id          bigint not null references gold_items on delete cascade,
    user_id          uuid not null,
    project_id       uuid not null,
    -- which of the tasks that the worker takes in the project, from 0
    nth              bigint not null,
    onboarding       boolean not null,
    dataset_id       uuid not null,
    batch_id         bigint not null references task_batches on delete cascade,
    payload          jsonb not null,
    -- what it costs: nothing, where nothing was gated when it was drawn; else one judgement once it is answered
    charge           text not null check (charge in ('none', 'due', 'paid')),
    answered         boolean not null default false,
    skipped          text,
    -- its place in the worker's queue; null while it is held, answered or skipped
    queue_pos        bigint,
    token            bigint unique,
    locked_at        timestamptz,
    expires_at       timestamptz,
    ends_at          timestamptz,
    labeling_version integer,
    reward_points    integer,
    reviewers_needed smallint,
    created_at       timestamptz not null,
    constraint gold_draws_once unique (user_id, item_id),
    constraint gold_draws_nth unique (user_id, project_id, nth),
    constraint gold_draws_one_state check (num_nonnulls(queue_pos, token, skipped) = (not answered)::int),
    constraint gold_draws_lease check (num_nulls(token, locked_at, expires_at, ends_at) in (0, 4))
);
create index gold_draws_queue on gold_draws (user_id, project_id, queue_pos) where queue_pos is not null;
create index gold_draws_held on gold_draws (user_id) where token is not null;
create index gold_draws_expiry on gold_draws (expires_at) where token is not null;
create index gold_draws_item on gold_draws (item_id);
create index gold_draws_batch on gold_draws (batch_id);
-- What is owed, or may be.
create index gold_draws_due on gold_draws (project_id) where charge = 'due' and skipped is null;
create index gold_draws_owed on gold_draws (project_id) where charge = 'due' and answered;
create index gold_draws_paid_back on gold_draws (project_id) where charge = 'paid' and not answered and token is null;

create table gold_answers (
    -- from the sequence of the answers' ids
    id               bigint primary key,
    draw_id          bigint not null references gold_draws on delete cascade,
    project_id       uuid not null,
    user_id          uuid not null,
    lease_token      bigint not null constraint gold_answers_lease unique,
    labeling_version integer not null,
    answer           jsonb not null,
    correct          boolean not null,
    status           text not null check (status in ('in_review', 'approved', 'withdrawn', 'voided')),
    reviewers_needed smallint not null,
    reward_points    integer not null,
    active_millis    bigint check (active_millis >= 0),
    claimed_at       timestamptz not null,
    submitted_at     timestamptz not null,
    lease_ends_at    timestamptz not null,
    -- when it is decided, and when reviewers seem to have been at it: as some answer of the project was
    due_at           timestamptz,
    reviewed_at      timestamptz[] not null default '{}',
    decided_at       timestamptz
);
create unique index gold_answers_once on gold_answers (draw_id) where status not in ('withdrawn', 'voided');
create index gold_answers_draw on gold_answers (draw_id);
create index gold_answers_user on gold_answers (user_id, id);
create index gold_answers_project on gold_answers (project_id, user_id);
create index gold_answers_waiting on gold_answers (id) where status = 'in_review';

-- Of each 64 ids a task has one, anywhere among them, and gold in its place another. Whoever writes tasks is waited for, so
-- that no id of before is given again. A binary of the release before takes the first of the 64.
lock table tasks in share row exclusive mode;
do $$
begin
    execute format('alter table tasks alter column id set increment by 64 restart with %s',
                   (select (last_value / 64 + 1) * 64 from tasks_id_seq));
end
$$;

-- As before; gold is no work: a project is completed by its other datasets, and a dataset of gold never is.
create or replace function project_settle_v1(p_project uuid) returns void language sql volatile as $$
    update projects p set updated_at = now(), state = case
        when p.state in ('closed', 'deleting') then p.state
        when p.paused then 'paused'
        when exists (select from datasets d where d.project_id = p.id and d.bound_uid is not null and d.gold is null)
             and not exists (select from datasets d where d.project_id = p.id and d.bound_uid is not null and d.gold is null and d.state <> 'completed')
            then 'completed'
        else 'active' end
    where p.id = p_project
$$;
create or replace function dataset_settle_v1(p_dataset uuid, p_now timestamptz) returns void language plpgsql volatile as $$
declare
    v_settled record;
begin
    update datasets set updated_at = p_now, state = case when open_batches = 0 then 'completed' else 'ready' end
    where id = p_dataset and gold is null and state in ('ready', 'completed')
      and state <> case when open_batches = 0 then 'completed' else 'ready' end
    returning project_id, state into v_settled;
    if found then
        insert into events (kind, subject, actor, data)
        values ('dataset.settled', p_dataset::text, 'transition', jsonb_build_object('state', v_settled.state));
        perform project_settle_v1(v_settled.project_id);
    end if;
end
$$;
