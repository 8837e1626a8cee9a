set lock_timeout = '5s';

-- Dynamic overlap: a task whose places are all taken and answered, and whose label is not sure enough, gets one place more,
-- until it has so many as its project allows. docs/quality.md has the formula, crates/consensus its other implementation.

-- Null where every task keeps the places that it was made with. Set from the labeling in force; answers_most is frozen with
-- answers_per_task.
alter table projects
    add column answers_most         smallint,
    add column consensus_field      text,
    add column consensus_options    smallint,
    add column consensus_confidence double precision,
    add constraint projects_overlap check (num_nulls(answers_most, consensus_field, consensus_options, consensus_confidence) in (0, 4));

alter table tasks
    -- Its free places were closed by hand: it gets no other one.
    add column cancelled        boolean not null default false,
    -- It ended without the place that it wanted, since there was no quota for one.
    add column below_confidence boolean not null default false;
create index tasks_below_confidence on tasks (project_id, id) where below_confidence;

-- How often each worker was right, by the last fit of a project's answers.
create table worker_skills (
    project_id uuid not null references projects on delete cascade,
    user_id    uuid not null,
    correct    integer not null,
    total      integer not null,
    fitted_at  timestamptz not null,
    primary key (project_id, user_id),
    constraint worker_skills_share check (correct between 0 and total)
);

-- How probable the most probable label of a task is, by the answers that are in review or approved. Null without an answer
-- in the field.
create function task_confidence_v1(p_task bigint, p_field text, p_options int) returns double precision language sql stable as $$
    with given as (
        select sum(ln((0.5 + coalesce(s.correct, 0))::float8 * greatest(p_options - 1, 1) / (0.5 + coalesce(s.total - s.correct, 0))::float8)) as weight
        from answers a left join worker_skills s on s.project_id = a.project_id and s.user_id = a.user_id
        where a.task_id = p_task and a.status in ('in_review', 'approved') and jsonb_typeof(a.answer->p_field) <> 'null'
        group by a.answer->p_field),
    -- A label that nobody gave weighs nothing.
    labels as (
        select weight from given
        union all
        select 0.0::float8 from generate_series(1, p_options - (select count(*)::int from given)))
    -- exp of less than -745 is an error, not 0.
    select 1 / sum(exp(greatest(weight - (select max(weight) from labels), -700))) from labels where exists (select from given)
$$;

-- The one place that moves a task's counters: adds what an event does to them, and carries it on to status, queue,
-- batch, dataset and project. Writes the event's own row, and one for the status when that changed. The caller has
-- locked the task in an earlier statement. No row comes back when more places are taken than are free.
--
-- p_places   added to the free places as it is
-- p_reopens  one place more, unless the project is closed
-- p_limit    at so many rejections no place is left; null: not asked
-- p_all      true: every place without answer or lease is open; false: none is; null: not asked
-- p_form     version of the labeling that a worker is shown now; null: nobody is shown any
-- p_gated    not null: a task that would end below its project's confidence gets one place more; true: for quota only
create function task_apply_v2(
    p_task bigint, p_leased int, p_in_review int, p_approved int, p_rejections int,
    p_places int, p_reopens boolean, p_limit int, p_all boolean, p_form int, p_gated boolean,
    p_kind text, p_subject text, p_actor text, p_data jsonb, p_now timestamptz)
returns table (status_before text, status_after text, places_opened smallint) language plpgsql volatile as $$
declare
    v_places int := p_places;
    v_queued boolean := false;
    v_closed boolean;
    v_grows int := 0;
    v_unpaid boolean := false;
    v_confidence float8;
    v_growth record;
    v_slots int;
    v_batch bigint;
    v_dataset uuid;
    v_open int;
    v_sealed boolean;
    v_ended int;
begin
    if p_reopens or p_places > 0 or p_all then
        select p.state = 'closed', d.bound_uid is not null and t.charged into v_closed, v_queued
        from tasks t join projects p on p.id = t.project_id join datasets d on d.id = t.dataset_id where t.id = p_task;
        if p_reopens and not v_closed then
            v_places := v_places + 1;
        end if;
    end if;

    if p_gated is not null then
        select t.project_id, t.dataset_id, t.batch_id, p.consensus_field, p.consensus_options, p.consensus_confidence,
               p.task_quota > p.tasks_used as has_quota into v_growth
        from tasks t join projects p on p.id = t.project_id join datasets d on d.id = t.dataset_id
        where t.id = p_task and t.slots < p.answers_most and not t.cancelled and t.charged and d.bound_uid is not null
          and p.state not in ('closed', 'deleting') and t.rejections + p_rejections < p.max_rejections
          and t.slots_free + v_places = 0 and t.leased + p_leased = 0
          and t.in_review + p_in_review + t.approved + p_approved > 0;
        if found then
            v_confidence := task_confidence_v1(p_task, v_growth.consensus_field, v_growth.consensus_options);
            if coalesce(v_confidence < v_growth.consensus_confidence, true) then
                v_grows := 1;
                v_queued := true;
            end if;
        end if;
        if v_grows = 1 and p_gated then
            if v_growth.has_quota then
                -- Without quota the task ends, and moves these: they are locked before the project, as everywhere.
                perform from task_batches where id = v_growth.batch_id for no key update;
                perform from datasets where id = v_growth.dataset_id for no key update;
                update projects set tasks_used = tasks_used + 1 where id = v_growth.project_id and task_quota > tasks_used;
                v_unpaid := not found;
            else
                v_unpaid := true;
            end if;
            if v_unpaid then
                v_grows := 0;
            end if;
        end if;
    end if;

    update tasks t set
        slots = t.slots + v_grows,
        leased = t.leased + p_leased,
        in_review = t.in_review + p_in_review,
        approved = t.approved + p_approved,
        rejections = case when p_all then 0 else t.rejections + p_rejections end,
        slots_free = n.free,
        queue_pos = case
            when n.free = 0 then null
            when (n.free > o.slots_free or p_all) and v_queued then nextval('task_queue_pos')
            else o.queue_pos end,
        labeling_version = case
            when p_form is null then o.labeling_version
            when o.leased + o.in_review + o.approved + o.rejections = 0 then p_form
            else coalesce(o.labeling_version, p_form) end,
        cancelled = case when p_all is null then o.cancelled else not p_all end,
        below_confidence = case when p_gated is null then o.below_confidence and n.free = 0 else v_unpaid end
    from tasks o cross join lateral (select case
            when p_all then o.slots - o.leased - o.in_review - o.approved
            when not p_all then 0
            when o.rejections + p_rejections >= p_limit then 0
            else o.slots_free + v_places + v_grows end as free) n
    where t.id = p_task and o.id = p_task and n.free >= 0
    -- A place that is paid for is no event's to take back.
    returning t.batch_id, t.dataset_id, o.status, t.status, t.slots_free - o.slots_free - v_grows, t.slots
    into v_batch, v_dataset, status_before, status_after, places_opened, v_slots;
    if not found then
        return;
    end if;

    insert into events (kind, subject, actor, data)
    select p_kind, p_subject, p_actor, p_data
    union all
    select 'task.grown', p_task::text, p_actor, jsonb_build_object('slots', v_slots, 'confidence', v_confidence)
    where v_grows = 1
    union all
    -- That a task is locked says its own event.
    select 'task.changed', p_task::text, p_actor, jsonb_build_object('from', status_before, 'to', status_after)
    where status_before <> status_after and p_kind <> 'task.locked';

    if status_before <> status_after and (status_before in ('approved', 'rejected') or status_after in ('approved', 'rejected')) then
        v_ended := (status_after in ('approved', 'rejected'))::int - (status_before in ('approved', 'rejected'))::int;
        update task_batches b set
            approved = b.approved + (status_after = 'approved')::int - (status_before = 'approved')::int,
            rejected = b.rejected + (status_after = 'rejected')::int - (status_before = 'rejected')::int,
            open_tasks = b.open_tasks - v_ended,
            status = case when not b.sealed then b.status when b.open_tasks - v_ended = 0 then 'done' else 'in_progress' end
        where b.id = v_batch
        returning b.open_tasks, b.sealed into v_open, v_sealed;
        if v_sealed and (v_open = 0 and v_ended = 1 or v_open = 1 and v_ended = -1) then
            update datasets set open_batches = open_batches - v_ended where id = v_dataset;
            perform dataset_settle_v1(v_dataset, p_now);
        end if;
    end if;
    return next;
end
$$;

-- As the release before calls it.
create or replace function task_apply_v1(
    p_task bigint, p_leased int, p_in_review int, p_approved int, p_rejections int,
    p_places int, p_reopens boolean, p_limit int, p_all boolean, p_form int,
    p_kind text, p_subject text, p_actor text, p_data jsonb, p_now timestamptz)
returns table (status_before text, status_after text, places_opened smallint) language plpgsql volatile as $$
begin
    return query select * from task_apply_v2(p_task, p_leased, p_in_review, p_approved, p_rejections, p_places, p_reopens,
                                             p_limit, p_all, p_form, null, p_kind, p_subject, p_actor, p_data, p_now);
end
$$;

create or replace function tasks_lease_v1(
    p_user uuid, p_project uuid, p_tasks bigint[], p_leased int, p_places int, p_lives int, p_now timestamptz)
returns boolean language plpgsql volatile as $$
declare
    v_project record;
    v_task bigint;
begin
    perform pg_advisory_xact_lock_shared(hashtextextended(p_project::text || p_user::text, 2));
    select labeling_version, reward_points, reviewers_count, lock_seconds * interval '1 second' as life into v_project
    from projects p where p.id = p_project
      and not exists (select from project_workers w where w.project_id = p.id and w.user_id = p_user and w.standing = 'blocked');
    if not found then
        return false;
    end if;
    foreach v_task in array p_tasks loop
        perform task_apply_v2(v_task, p_leased, 0, 0, 0, p_places, false, null, null, v_project.labeling_version, null,
                              'task.locked', v_task::text, p_user::text, '{}', p_now);
    end loop;
    insert into leases (task_id, user_id, project_id, locked_at, expires_at, ends_at, labeling_version, reward_points, reviewers_needed)
    select t.id, p_user, p_project, p_now, p_now + v_project.life, p_now + p_lives * v_project.life,
           t.labeling_version, v_project.reward_points, v_project.reviewers_count
    from unnest(p_tasks) with ordinality as picked (id, nth) join tasks t on t.id = picked.id order by picked.nth;
    update task_batches set status = 'in_progress'
    where id in (select batch_id from tasks where id = any(p_tasks)) and status = 'ready';
    return true;
end
$$;

-- As task_submit_v1; a task that would end below its project's confidence gets one place more: p_gated as in task_apply_v2.
create function task_submit_v2(
    p_user uuid, p_task bigint, p_token bigint, p_answer jsonb, p_active_millis bigint, p_labeling_version int,
    p_reviewers_needed smallint, p_points int, p_status text, p_leased int, p_in_review int, p_approved int, p_gated boolean,
    p_now timestamptz)
returns table (answer_id bigint, answer_status text, points int, repeated boolean) language plpgsql volatile
set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
declare
    v_task record;
    v_lease record;
begin
    select t.project_id, t.dataset_id into v_task from tasks t where t.id = p_task for update;
    delete from leases l where l.task_id = p_task and l.user_id = p_user and l.token = p_token
    returning l.locked_at, l.ends_at into v_lease;
    if not found then
        return query select a.id, a.status, coalesce(a.reward_points, p_points), true from answers a
            where a.lease_token = p_token and a.user_id = p_user and a.task_id = p_task and a.answer = p_answer and a.status <> 'withdrawn';
        return;
    end if;
    insert into answers (task_id, project_id, user_id, lease_token, labeling_version, answer, status, reviewers_needed, active_millis,
                         claimed_at, submitted_at, decided_at, reward_points, lease_ends_at)
    values (p_task, v_task.project_id, p_user, p_token, p_labeling_version, p_answer, p_status, p_reviewers_needed, p_active_millis,
            v_lease.locked_at, p_now, case when p_approved > 0 then p_now end, p_points, v_lease.ends_at)
    returning id into answer_id;
    if p_approved > 0 then
        perform answer_approve_v1(v_task.project_id, v_task.dataset_id, p_task, answer_id, p_user, p_points, p_now);
    end if;
    perform task_apply_v2(p_task, p_leased, p_in_review, p_approved, 0, 0, false, null, null, null, p_gated,
                          'answer.submitted', answer_id::text, p_user::text, jsonb_build_object('task', p_task, 'status', p_status), p_now);
    answer_status := p_status;
    points := p_points;
    repeated := false;
    return next;
end
$$;
