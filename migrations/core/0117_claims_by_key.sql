set lock_timeout = '5s';

-- A plan is kept with its session. One that is made while the tables are empty (their last dataset was deleted) finds every way of
-- reading them equally cheap, and may then read all tasks and all answers for each task that a worker could take. What looks a task up is
-- therefore a subquery of its own (offset 0): it can only be read by the task's key. The plan of a claim has one join less, and none of
-- them reads by bitmap, which never marks the entries of ended leases as dead.

-- Who decided on an answer before shown_tasks was kept left a review only. Whoever decides now leaves both.
insert into shown_tasks (task_id, user_id, shown_at)
select a.task_id, r.user_id, min(r.created_at) from reviews r join answers a on a.id = r.answer_id group by a.task_id, r.user_id
on conflict do nothing;

-- One index for both, so that there is no other way to one row.
alter table worker_cursors drop constraint worker_cursors_pkey, add primary key (project_id, user_id);
drop index worker_cursors_project;

-- Whether clients are told of an event. What stands in a trigger's condition is parsed anew by each statement that may fire it.
create function is_streamed_v1(p_kind text, p_data jsonb) returns boolean language plpgsql immutable as $$
begin
    return p_kind = 'task.changed' and (p_data ->> 'to' in ('approved', 'rejected') or p_data ->> 'from' in ('approved', 'rejected'))
        or p_kind in (
        'answer.submitted', 'answer.reviewed', 'answer.withdrawn', 'answer.voided', 'review.undone', 'batch.changed',
        'dataset.applied', 'dataset.generating', 'dataset.ready', 'dataset.settled', 'dataset.stopped', 'dataset.deleted',
        'project.applied', 'project.changed', 'project.granted', 'project.low', 'project.exhausted', 'project.deleted',
        'export.ended', 'export.expired', 'prediction.ended', 'model.checked', 'task.starved',
        'worker.member', 'worker.blocked', 'worker.removed', 'worker.disqualified', 'worker.qualified');
end
$$;
create or replace trigger events_to_stream after insert on events for each row
    when (is_streamed_v1(new.kind, new.data)) execute function events_to_stream_v1();

-- The queue's tasks behind a position that are new to a worker. The planner puts it into the statement that calls it.
create function open_tasks_v2(p_project uuid, p_from bigint, p_user uuid) returns setof tasks language sql stable as $$
    select t.* from tasks t
    where t.project_id = p_project and t.lane = 0 and t.queue_pos > p_from
      and not exists (select from answers a where a.task_id = t.id and a.user_id = p_user and a.status not in ('withdrawn', 'voided') offset 0)
      and not exists (select from skips s where s.task_id = t.id and s.user_id = p_user offset 0)
      and not exists (select from leases l where l.task_id = t.id and l.user_id = p_user offset 0)
      and not exists (select from shown_tasks v where v.task_id = t.id and v.user_id = p_user offset 0)
$$;

-- One project as a worker finds it who may work there, and what a lease promises them now; no row for anybody else.
create function workplace_v1(p_user uuid, p_project uuid)
returns table (
    queue_from bigint, gold boolean, onboarding int, every int, taken bigint, labeling_version int, reward_points int, reviewers int,
    life interval) language sql stable as $$
    select coalesce(c.queue_pos, p.queue_floor), p.gold_every is not null, p.gold_onboarding, p.gold_every, coalesce(c.taken, 0),
           p.labeling_version, p.reward_points,
           greatest(p.reviewers_count, (exists (select from worker_qualifications q where q.project_id = p.id and q.user_id = p_user
                                                and q.action = 'review' and not q.lifted))::int),
           p.lock_seconds * interval '1 second'
    from projects p
    left join worker_cursors c on c.project_id = p.id and c.user_id = p_user
    left join project_workers w on w.project_id = p.id and w.user_id = p_user
    -- Not "bound_uid is not null": that is true of all that is in projects_bound_uid, which then is another way to one row.
    where p.id = p_project and p.state in ('active', 'completed') and num_nulls(p.bound_uid) = 0 and p.labeling_version > 0
      and coalesce(w.standing, case p.audience when 'public' then 'member' else 'stranger' end) = 'member'
$$;

-- Where a worker may look for tasks: where they say, or else in what is open to them, where they were longest ago first.
create function workplaces_v3(p_user uuid, p_project uuid) returns uuid[] language plpgsql stable as $$
begin
    if p_project is not null then
        return array[p_project];
    end if;
    return array(select w.id from workplaces_v1(p_user, null) w order by w.claimed_at nulls first, w.id limit 50);
end
$$;

-- As task_apply_v2, with one row that is empty when more places are taken than are free; labeling_version: what a worker is shown.
create function task_apply_v3(
    p_task bigint, p_leased int, p_in_review int, p_approved int, p_rejections int,
    p_places int, p_reopens boolean, p_limit int, p_all boolean, p_form int, p_gated boolean,
    p_kind text, p_subject text, p_actor text, p_data jsonb, p_now timestamptz,
    out status_before text, out status_after text, out places_opened smallint, out labeling_version int) language plpgsql volatile as $$
#variable_conflict use_column
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
    returning t.batch_id, t.dataset_id, o.status, t.status, t.slots_free - o.slots_free - v_grows, t.labeling_version, t.slots
    into v_batch, v_dataset, status_before, status_after, places_opened, labeling_version, v_slots;
    if not found then
        return;
    end if;

    insert into events (kind, subject, actor, data) values (p_kind, p_subject, p_actor, p_data);
    if v_grows = 1 then
        insert into events (kind, subject, actor, data)
        values ('task.grown', p_task::text, p_actor, jsonb_build_object('slots', v_slots, 'confidence', v_confidence));
    end if;
    -- That a task is locked says its own event.
    if status_before <> status_after and p_kind <> 'task.locked' then
        insert into events (kind, subject, actor, data)
        values ('task.changed', p_task::text, p_actor, jsonb_build_object('from', status_before, 'to', status_after));
    end if;

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
end
$$;

-- As the release before calls it.
create or replace function task_apply_v2(
    p_task bigint, p_leased int, p_in_review int, p_approved int, p_rejections int,
    p_places int, p_reopens boolean, p_limit int, p_all boolean, p_form int, p_gated boolean,
    p_kind text, p_subject text, p_actor text, p_data jsonb, p_now timestamptz)
returns table (status_before text, status_after text, places_opened smallint) language plpgsql volatile as $$
begin
    return query select a.status_before, a.status_after, a.places_opened
        from task_apply_v3(p_task, p_leased, p_in_review, p_approved, p_rejections, p_places, p_reopens, p_limit, p_all, p_form, p_gated,
                           p_kind, p_subject, p_actor, p_data, p_now) a
        where a.status_after is not null;
end
$$;

-- Leases one task that this transaction has locked. What the worker is told now, by their workplace_v1, goes with the lease, whatever the
-- project says later. p_leased and p_places: what a lease does to its task's counters.
create function task_lease_v2(
    p_user uuid, p_project uuid, p_task bigint, p_labeling_version int, p_reward_points int, p_reviewers int, p_life interval,
    p_leased int, p_places int, p_lives int, p_now timestamptz)
returns leases language plpgsql volatile as $$
declare
    v_task record;
    v_lease leases;
begin
    v_task := task_apply_v3(p_task, p_leased, 0, 0, 0, p_places, false, null, null, p_labeling_version, null,
                            'task.locked', p_task::text, p_user::text, '{}', p_now);
    insert into leases (task_id, user_id, project_id, locked_at, expires_at, ends_at, labeling_version, reward_points, reviewers_needed)
    values (p_task, p_user, p_project, p_now, p_now + p_life, p_now + p_lives * p_life, v_task.labeling_version, p_reward_points, p_reviewers)
    returning * into v_lease;
    return v_lease;
end
$$;

-- As before.
create or replace function tasks_lease_v1(
    p_user uuid, p_project uuid, p_tasks bigint[], p_leased int, p_places int, p_lives int, p_now timestamptz)
returns boolean language plpgsql volatile as $$
declare
    v_project record;
    v_task bigint;
begin
    perform pg_advisory_xact_lock_shared(hashtextextended(p_project::text || p_user::text, 2));
    select labeling_version, reward_points, lock_seconds * interval '1 second' as life,
           greatest(reviewers_count, (exists (select from worker_qualifications q where q.project_id = p.id and q.user_id = p_user
                                              and q.action = 'review' and not q.lifted))::int) as reviewers into v_project
    from projects p where p.id = p_project
      and not exists (select from project_workers w where w.project_id = p.id and w.user_id = p_user and w.standing = 'blocked');
    if not found then
        return false;
    end if;
    foreach v_task in array p_tasks loop
        perform task_lease_v2(p_user, p_project, v_task, v_project.labeling_version, v_project.reward_points, v_project.reviewers,
                              v_project.life, p_leased, p_places, p_lives, p_now);
    end loop;
    update task_batches set status = 'in_progress'
    where id in (select batch_id from tasks where id = any(p_tasks)) and status = 'ready';
    return true;
end
$$;

-- As before.
create or replace function gold_pick_v1(p_user uuid, p_project uuid, p_nth bigint) returns bigint language plpgsql stable
set plan_cache_mode = force_generic_plan set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off as $$
declare
    v_least bigint;
    v_most bigint;
    v_from bigint;
    v_item bigint;
begin
    select min(id), max(id) into v_least, v_most from gold_items where project_id = p_project and retired_at is null;
    if v_least is null then
        return null;
    end if;
    v_from := v_least + abs(hashtextextended(p_project::text || p_user::text, p_nth) % (v_most - v_least + 1));
    for v_try in 1..2 loop
        select i.id into v_item from gold_items i
        where i.project_id = p_project and i.retired_at is null and i.id >= v_from
          and exists (select from datasets d where d.id = i.dataset_id and d.bound_uid is not null)
          and not exists (select from gold_draws g where g.user_id = p_user and g.item_id = i.id)
          and (i.task_id is null or not (
              exists (select from answers a where a.task_id = i.task_id and a.user_id = p_user offset 0)
              or exists (select from leases l where l.task_id = i.task_id and l.user_id = p_user offset 0)
              or exists (select from skips s where s.task_id = i.task_id and s.user_id = p_user offset 0)
              or exists (select from shown_tasks v where v.task_id = i.task_id and v.user_id = p_user offset 0)))
        order by i.id limit 1;
        exit when v_item is not null;
        v_from := v_least;
    end loop;
    return v_item;
end
$$;

-- As before.
create or replace function queue_v1(p_user uuid, p_project uuid, p_from bigint, p_count int)
returns table (id bigint, queue_pos bigint, gold boolean) language sql stable as $$
    select q.id, q.queue_pos, q.gold from (
        (select o.id, o.queue_pos, false as gold from open_tasks_v2(p_project, p_from, p_user) o
         where not exists (select from gold_draws g where g.user_id = p_user and g.project_id = p_project and g.queue_pos = o.queue_pos offset 0)
         order by o.queue_pos limit p_count)
        union all
        (select g.id, g.queue_pos, true from gold_draws g
         where g.user_id = p_user and g.project_id = p_project and g.queue_pos > p_from order by g.queue_pos limit p_count)) q
    order by q.queue_pos limit p_count
$$;

-- As before.
create or replace function task_next_v2(p_user uuid, p_project uuid, p_gated boolean, p_now timestamptz)
returns table (
    task_id bigint, project_id uuid, dataset_id uuid, batch_id bigint, status text, labeling_version int, payload jsonb)
language plpgsql volatile
set plan_cache_mode = force_generic_plan set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off set enable_bitmapscan = off as $$
#variable_conflict use_column
declare
    v_place record;
    v_from bigint;
    v_next record;
    v_task tasks;
begin
    foreach project_id in array workplaces_v3(p_user, p_project) loop
        select * into v_place from workplace_v1(p_user, project_id);
        continue when not found;
        v_from := v_place.queue_from;
        if v_place.gold then
            -- As whoever claims: what is put into the queue for one request is there for the other.
            perform pg_advisory_xact_lock(hashtextextended(p_user::text, 4));
            for v_try in 1..2 loop
                select * into v_next from queue_v1(p_user, project_id, v_from, 1);
                exit when found or v_from = 0;
                v_from := 0;
            end loop;
            if not v_next.gold and gold_due_v1(p_user, project_id, v_place.taken, v_place.onboarding, v_place.every)
                and gold_take_v1(p_user, project_id, v_next.id, v_place.taken, p_gated, null, p_now) then
                select * into v_next from queue_v1(p_user, project_id, v_from, 1);
            end if;
            if v_next.gold then
                return query select g.id, g.project_id, g.dataset_id, g.batch_id, 'new'::text, v_place.labeling_version, g.payload
                from gold_draws g where g.id = v_next.id;
                return;
            end if;
            select t.* into v_task from tasks t where t.id = v_next.id;
        else
            -- A later chunk can become visible before an earlier one: look once from the beginning.
            for v_try in 1..2 loop
                select t.* into v_task from open_tasks_v2(project_id, v_from, p_user) t order by t.queue_pos limit 1;
                exit when found or v_from = 0;
                v_from := 0;
            end loop;
        end if;
        continue when v_task.id is null;
        task_id := v_task.id;
        dataset_id := v_task.dataset_id;
        batch_id := v_task.batch_id;
        status := v_task.status;
        labeling_version := case
            when v_task.leased + v_task.in_review + v_task.approved + v_task.rejections = 0 then v_place.labeling_version
            else coalesce(v_task.labeling_version, v_place.labeling_version) end;
        payload := v_task.payload;
        return next;
        return;
    end loop;
end
$$;

-- As before: leases up to p_count tasks to a worker, those counted in that they hold already: the next ones behind their own last
-- position, leaving out what others are just taking, and gold in the places that it has in the worker's own queue. p_most: how many one
-- worker may hold in all. What they hold then comes back; one row without a task: they hold as many as they may, and fewer of these than
-- they asked for.
--
-- p_wait: waits for the first task that others are just taking, and takes no more than that one; one row with a project and
-- without a task: it was gone then, and there may be another.
create or replace function tasks_claim_v3(
    p_user uuid, p_project uuid, p_count int, p_most int, p_leased int, p_places int, p_lives int, p_wait boolean, p_gated boolean,
    p_now timestamptz)
returns table (
    task_id bigint, project_id uuid, dataset_id uuid, batch_id bigint, labeling_version int, payload jsonb,
    token bigint, expires_at timestamptz, reward_points int) language plpgsql volatile
set plan_cache_mode = force_generic_plan set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off set enable_bitmapscan = off as $$
#variable_conflict use_column
declare
    v_all int;
    v_held int;
    v_wanted int;
    v_project uuid;
    v_place record;
    v_queue refcursor;
    v_task record;
    v_gold bigint;
    v_pos bigint;
    v_lease leases;
    v_last bigint;
    v_taken int;
    v_fresh bigint[];
begin
    -- One act of taking at a time per worker: what they hold is only then theirs to tell.
    perform pg_advisory_xact_lock(hashtextextended(p_user::text, 4));
    select count(*), count(*) filter (where p_project is null or h.project_id = p_project) into v_all, v_held
    from (select project_id from leases where user_id = p_user
          union all select project_id from gold_draws where user_id = p_user and token is not null) h;
    v_wanted := least(p_count - v_held, p_most - v_all);
    if v_held < p_count and v_wanted <= 0 then
        return next;
        return;
    end if;
    if v_held > 0 then
        return query select h.* from tasks_held_v2(p_user, p_project) h order by h.token limit p_count;
    end if;
    foreach v_project in array workplaces_v3(p_user, p_project) loop
        exit when v_wanted <= 0;
        -- A block waits for this transaction, or is seen in the next statement.
        perform pg_advisory_xact_lock_shared(hashtextextended(v_project::text || p_user::text, 2));
        select * into v_place from workplace_v1(p_user, v_project);
        continue when not found;
        v_last := v_place.queue_from;
        v_taken := 0;
        v_fresh := '{}';
        if p_wait then
            -- One row only: whoever waited for a row that was not free after all keeps it locked, and must wait for no other.
            select t.id into v_task from open_tasks_v2(v_project, 0, p_user) t order by t.queue_pos limit 1;
            continue when not found;
            select t.id, t.queue_pos, t.dataset_id, t.batch_id, t.payload,
                   (select b.status in ('new', 'ready') from task_batches b where b.id = t.batch_id) as is_first
            into v_task from tasks t where t.id = v_task.id for update;
            if v_task.queue_pos is null then
                project_id := v_project;
                return next;
                return;
            end if;
        else
            loop
                -- What changed before it was locked is looked at again. The conditions are those of open_tasks_v2, which cannot lock.
                open v_queue for
                    select t.id, t.queue_pos, t.dataset_id, t.batch_id, t.payload,
                           (select b.status in ('new', 'ready') from task_batches b where b.id = t.batch_id) as is_first
                    from tasks t
                    where t.project_id = v_project and t.lane = 0 and t.queue_pos > v_last
                      and not exists (select from answers a where a.task_id = t.id and a.user_id = p_user and a.status not in ('withdrawn', 'voided') offset 0)
                      and not exists (select from skips s where s.task_id = t.id and s.user_id = p_user offset 0)
                      and not exists (select from leases l where l.task_id = t.id and l.user_id = p_user offset 0)
                      and not exists (select from shown_tasks v where v.task_id = t.id and v.user_id = p_user offset 0)
                      and (not v_place.gold or not exists (
                          select from gold_draws g where g.user_id = p_user and g.project_id = v_project and g.queue_pos = t.queue_pos offset 0))
                    order by t.queue_pos limit v_wanted for update of t skip locked;
                fetch v_queue into v_task;
                -- A later chunk can become visible before an earlier one: look once from the beginning.
                exit when v_task.id is not null or v_last = 0
                    or v_place.gold and exists (select from gold_draws where user_id = p_user and project_id = v_project and queue_pos > v_last);
                close v_queue;
                v_last := 0;
            end loop;
        end if;
        -- In the order of the queue, in which leases are shown.
        while v_taken < v_wanted loop
            v_gold := null;
            v_pos := v_task.queue_pos;
            if v_place.gold and not p_wait then
                select g.id, g.queue_pos into v_gold, v_pos from gold_draws g
                where g.user_id = p_user and g.project_id = v_project and g.queue_pos > v_last
                  and (v_task.id is null or g.queue_pos < v_task.queue_pos)
                order by g.queue_pos limit 1;
                if found then
                    exit when not gold_lease_v1(p_user, v_project, v_gold, p_lives, p_now);
                elsif v_task.id is not null
                    and gold_due_v1(p_user, v_project, v_place.taken + v_taken, v_place.onboarding, v_place.every)
                    and gold_take_v1(p_user, v_project, v_task.id, v_place.taken + v_taken, p_gated, p_lives, p_now) then
                    select g.id, v_task.queue_pos into v_gold, v_pos from gold_draws g
                    where g.user_id = p_user and g.project_id = v_project and g.nth = v_place.taken + v_taken;
                else
                    v_pos := v_task.queue_pos;
                end if;
            end if;
            exit when v_pos is null;
            if v_gold is not null then
                return query select g.id, g.project_id, g.dataset_id, g.batch_id, g.labeling_version, g.payload, g.token, g.expires_at, g.reward_points
                from gold_draws g where g.id = v_gold;
            else
                v_lease := task_lease_v2(p_user, v_project, v_task.id, v_place.labeling_version, v_place.reward_points, v_place.reviewers,
                                         v_place.life, p_leased, p_places, p_lives, p_now);
                task_id := v_task.id;
                project_id := v_project;
                dataset_id := v_task.dataset_id;
                batch_id := v_task.batch_id;
                labeling_version := v_lease.labeling_version;
                payload := v_task.payload;
                token := v_lease.token;
                expires_at := v_lease.expires_at;
                reward_points := v_lease.reward_points;
                return next;
                if v_task.is_first then
                    v_fresh := v_fresh || v_task.batch_id;
                end if;
            end if;
            v_last := v_pos;
            v_taken := v_taken + 1;
            exit when p_wait;
            if v_pos = v_task.queue_pos and v_taken < v_wanted then
                fetch v_queue into v_task;
            end if;
        end loop;
        if not p_wait then
            close v_queue;
        end if;
        continue when v_taken = 0;
        if v_fresh <> '{}' then
            update task_batches set status = 'in_progress' where id = any(v_fresh) and status = 'ready';
        end if;
        insert into worker_cursors as c (user_id, project_id, queue_pos, claimed_at, taken)
        values (p_user, v_project, v_last, p_now, case when v_place.gold then v_taken else 0 end)
        on conflict (user_id, project_id) do update
        set queue_pos = excluded.queue_pos, claimed_at = excluded.claimed_at, taken = c.taken + excluded.taken;
        v_wanted := v_wanted - v_taken;
    end loop;
end
$$;

-- As before.
create or replace function task_submit_v2(
    p_user uuid, p_task bigint, p_token bigint, p_answer jsonb, p_active_millis bigint, p_labeling_version int,
    p_reviewers_needed smallint, p_points int, p_status text, p_leased int, p_in_review int, p_approved int, p_gated boolean,
    p_now timestamptz)
returns table (answer_id bigint, answer_status text, points int, repeated boolean) language plpgsql volatile
set plan_cache_mode = force_generic_plan set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off set enable_bitmapscan = off as $$
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
    perform task_apply_v3(p_task, p_leased, p_in_review, p_approved, 0, 0, false, null, null, null, p_gated,
                          'answer.submitted', answer_id::text, p_user::text, jsonb_build_object('task', p_task, 'status', p_status), p_now);
    answer_status := p_status;
    points := p_points;
    repeated := false;
    return next;
end
$$;
