set lock_timeout = '5s';

-- Claim and submit are one call each, so that what they lock is locked for one round trip. Their statements see fresh
-- snapshots, as those of a transaction do.
--
-- Their plans are made once per connection: to plan a claim takes four times as long as to carry it out. No value of a
-- parameter calls for another plan, and with nested loops alone a plan reads the queue from its beginning, a row at a time.

-- Projects where a worker may work.
create function workplaces_v1(p_user uuid, p_project uuid)
returns table (id uuid, queue_floor bigint, queue_pos bigint, claimed_at timestamptz) language sql stable as $$
    select p.id, p.queue_floor, c.queue_pos, c.claimed_at
    from projects p
    left join worker_cursors c on c.project_id = p.id and c.user_id = p_user
    left join project_workers w on w.project_id = p.id and w.user_id = p_user
    where (p_project is null or p.id = p_project) and p.state in ('active', 'completed') and p.bound_uid is not null and p.labeling_version > 0
      and coalesce(w.standing, case p.audience when 'public' then 'member' else 'stranger' end) = 'member'
      and (p_project is not null or exists (select from tasks t where t.project_id = p.id and t.lane = 0 and t.queue_pos is not null))
$$;

-- The queue's tasks behind a position that are new to a worker. The planner puts it into the statement that calls it.
--
-- Who decided on an answer before shown_tasks was kept has a review only. That is asked row by row (offset 0): joined,
-- all reviews that this worker ever gave could be read for one task.
create function open_tasks_v1(p_project uuid, p_from bigint, p_user uuid)
returns table (id bigint, queue_pos bigint) language sql stable as $$
    select t.id, t.queue_pos from tasks t
    where t.project_id = p_project and t.lane = 0 and t.queue_pos > p_from
      and not exists (select from answers a where a.task_id = t.id and a.user_id = p_user and a.status not in ('withdrawn', 'voided'))
      and not exists (select from skips s where s.task_id = t.id and s.user_id = p_user)
      and not exists (select from leases l where l.task_id = t.id and l.user_id = p_user)
      and not exists (select from shown_tasks v where v.task_id = t.id and v.user_id = p_user)
      and not exists (select from answers o join reviews r on r.answer_id = o.id where o.task_id = t.id and r.user_id = p_user offset 0)
$$;

-- A task that a worker could take, of the project they were in longest ago: behind their own last position, or else
-- from the beginning. Nothing is held.
create function task_next_v1(p_user uuid, p_project uuid)
returns table (
    task_id bigint, project_id uuid, dataset_id uuid, batch_id bigint, status text, labeling_version int, payload jsonb)
language plpgsql stable set plan_cache_mode = force_generic_plan set enable_hashjoin = off set enable_mergejoin = off as $$
#variable_conflict use_column
declare
    v_place record;
    v_task bigint;
begin
    for v_place in select * from workplaces_v1(p_user, p_project) order by claimed_at nulls first limit 50 loop
        select o.id into v_task from open_tasks_v1(v_place.id, coalesce(v_place.queue_pos, v_place.queue_floor), p_user) o
        order by o.queue_pos limit 1;
        if not found then
            select o.id into v_task from open_tasks_v1(v_place.id, 0, p_user) o order by o.queue_pos limit 1;
        end if;
        if found then
            return query select t.id, t.project_id, t.dataset_id, t.batch_id, t.status,
                case when t.leased + t.in_review + t.approved + t.rejections = 0 then p.labeling_version
                     else coalesce(t.labeling_version, p.labeling_version) end, t.payload
            from tasks t join projects p on p.id = t.project_id where t.id = v_task;
            return;
        end if;
    end loop;
end
$$;

-- Leases tasks of one project that this transaction has locked. What the worker is told now goes with the lease,
-- whatever the project says later. False, and nothing leased, when the worker is blocked: a block waits for this
-- transaction, or is seen here. p_leased and p_places: what a lease does to its task's counters.
create function tasks_lease_v1(
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
        perform task_apply_v1(v_task, p_leased, 0, 0, 0, p_places, false, null, null, v_project.labeling_version,
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

-- What a worker holds, of one project when one is named, oldest lease first.
create function tasks_held_v1(p_user uuid, p_project uuid)
returns table (
    task_id bigint, project_id uuid, dataset_id uuid, batch_id bigint, labeling_version int, payload jsonb,
    token bigint, expires_at timestamptz, reward_points int) language sql stable as $$
    select t.id, t.project_id, t.dataset_id, t.batch_id, coalesce(l.labeling_version, t.labeling_version, 1), t.payload,
           l.token, l.expires_at, coalesce(l.reward_points, p.reward_points)
    from leases l join tasks t on t.id = l.task_id join projects p on p.id = l.project_id
    where l.user_id = p_user and (p_project is null or l.project_id = p_project)
$$;

-- Leases up to p_count tasks to a worker, those counted in that they hold already: the next ones behind their own last
-- position, leaving out what others are just taking. p_most: how many one worker may hold in all. What they hold then
-- comes back; one row without a task: they hold as many as they may, and fewer of these than they asked for.
create function tasks_claim_v1(
    p_user uuid, p_project uuid, p_count int, p_most int, p_leased int, p_places int, p_lives int, p_now timestamptz)
returns table (
    task_id bigint, project_id uuid, dataset_id uuid, batch_id bigint, labeling_version int, payload jsonb,
    token bigint, expires_at timestamptz, reward_points int) language plpgsql volatile set plan_cache_mode = force_generic_plan set enable_hashjoin = off set enable_mergejoin = off as $$
#variable_conflict use_column
declare
    v_all int;
    v_held int;
    v_wanted int;
    v_place record;
    v_from bigint;
    v_tasks bigint[];
    v_last bigint;
begin
    -- One act of taking at a time per worker: what they hold is only then theirs to tell.
    perform pg_advisory_xact_lock(hashtextextended(p_user::text, 4));
    select count(*), count(*) filter (where p_project is null or project_id = p_project) into v_all, v_held
    from leases where user_id = p_user;
    v_wanted := least(p_count - v_held, p_most - v_all);
    if v_held < p_count and v_wanted <= 0 then
        return next;
        return;
    end if;
    for v_place in select * from workplaces_v1(p_user, p_project) order by claimed_at nulls first limit 50 loop
        exit when v_wanted <= 0;
        v_from := coalesce(v_place.queue_pos, v_place.queue_floor);
        for v_try in 1..2 loop
            -- What changed before it was locked is looked at again: t's columns are the row's as it was locked.
            select array_agg(picked.id order by picked.queue_pos), max(picked.queue_pos) into v_tasks, v_last
            from (select t.id, o.queue_pos from open_tasks_v1(v_place.id, v_from, p_user) o
                  join tasks t on t.id = o.id and t.queue_pos is not null
                  order by o.queue_pos limit v_wanted for update of t skip locked) picked;
            -- A later chunk can become visible before an earlier one: look once from the beginning.
            exit when v_tasks is not null or v_from = 0;
            v_from := 0;
        end loop;
        if v_tasks is null then
            -- Whoever holds the last ones may not want them, or just have been refused.
            select array[picked.id], picked.queue_pos into v_tasks, v_last
            from (select t.id, o.queue_pos from open_tasks_v1(v_place.id, 0, p_user) o
                  join tasks t on t.id = o.id and t.queue_pos is not null
                  order by o.queue_pos limit 1 for update of t) picked;
        end if;
        continue when v_tasks is null
            or not tasks_lease_v1(p_user, v_place.id, v_tasks, p_leased, p_places, p_lives, p_now);
        insert into worker_cursors (user_id, project_id, queue_pos, claimed_at) values (p_user, v_place.id, v_last, p_now)
        on conflict (user_id, project_id) do update set queue_pos = excluded.queue_pos, claimed_at = excluded.claimed_at;
        v_wanted := v_wanted - cardinality(v_tasks);
    end loop;
    return query select h.* from tasks_held_v1(p_user, p_project) h order by h.token limit p_count;
end
$$;

-- Ends the lease that an answer is given from and stores the answer. A lease that is gone and gave this very answer
-- before gives it again (repeated). No row: the lease is lost.
--
-- p_status: what the answer is now, decided by the caller from what the lease promises. p_leased, p_in_review and
-- p_approved: what it does to its task's counters.
create function task_submit_v1(
    p_user uuid, p_task bigint, p_token bigint, p_answer jsonb, p_active_millis bigint, p_labeling_version int,
    p_reviewers_needed smallint, p_points int, p_status text, p_leased int, p_in_review int, p_approved int, p_now timestamptz)
returns table (answer_id bigint, answer_status text, points int, repeated boolean) language plpgsql volatile
set plan_cache_mode = force_generic_plan as $$
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
    perform task_apply_v1(p_task, p_leased, p_in_review, p_approved, 0, 0, false, null, null, null,
                          'answer.submitted', answer_id::text, p_user::text, jsonb_build_object('task', p_task, 'status', p_status), p_now);
    answer_status := p_status;
    points := p_points;
    repeated := false;
    return next;
end
$$;
