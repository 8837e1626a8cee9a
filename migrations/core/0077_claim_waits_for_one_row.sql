set lock_timeout = '5s';

-- A claim that found every open task locked waited for the first of them in the same transaction, while it kept rows locked that it had
-- locked and found taken: two of them could wait for each other. Now it says that it found nothing, and the caller asks
-- again, to wait for one row and to hold no other.
--
-- Leases up to p_count tasks to a worker, those counted in that they hold already: the next ones behind their own last
-- position, leaving out what others are just taking. p_most: how many one worker may hold in all. What they hold then
-- comes back; one row without a task: they hold as many as they may, and fewer of these than they asked for.
--
-- p_wait: waits for the first task that others are just taking, and takes no more than that one; one row with a project and
-- without a task: it was gone then, and there may be another.
create function tasks_claim_v2(
    p_user uuid, p_project uuid, p_count int, p_most int, p_leased int, p_places int, p_lives int, p_wait boolean, p_now timestamptz)
returns table (
    task_id bigint, project_id uuid, dataset_id uuid, batch_id bigint, labeling_version int, payload jsonb,
    token bigint, expires_at timestamptz, reward_points int) language plpgsql volatile set plan_cache_mode = force_generic_plan set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off as $$
#variable_conflict use_column
declare
    v_all int;
    v_held int;
    v_wanted int;
    v_place record;
    v_from bigint;
    v_candidate bigint;
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
        if p_wait then
            -- One row only: whoever waited for a row that was not free after all keeps it locked, and must wait for no other.
            select o.id into v_candidate from open_tasks_v1(v_place.id, 0, p_user) o order by o.queue_pos limit 1;
            continue when not found;
            select array[t.id], t.queue_pos into v_tasks, v_last from tasks t where t.id = v_candidate for update;
            if v_last is null or not tasks_lease_v1(p_user, v_place.id, v_tasks, p_leased, p_places, p_lives, p_now) then
                project_id := v_place.id;
                return next;
                return;
            end if;
            v_wanted := 0;
        else
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
        end if;
        continue when not p_wait and (v_tasks is null
            or not tasks_lease_v1(p_user, v_place.id, v_tasks, p_leased, p_places, p_lives, p_now));
        insert into worker_cursors (user_id, project_id, queue_pos, claimed_at) values (p_user, v_place.id, v_last, p_now)
        on conflict (user_id, project_id) do update set queue_pos = excluded.queue_pos, claimed_at = excluded.claimed_at;
        v_wanted := greatest(v_wanted - cardinality(v_tasks), 0);
    end loop;
    return query select h.* from tasks_held_v1(p_user, p_project) h order by h.token limit p_count;
end
$$;
