set lock_timeout = '5s';

-- Whether the nth task that a worker takes in a project is gold: a function of these alone, so no reload changes it.
create function gold_due_v1(p_user uuid, p_project uuid, p_nth bigint, p_onboarding int, p_every int)
returns boolean language sql immutable as $$
    select p_nth < p_onboarding or p_every > 0 and hashtextextended(p_user::text || p_project::text, p_nth) % p_every = 0
$$;

-- The item that a worker is given: the first free one from a place on that depends on worker and number alone. Each once, and only
-- to who knows nothing of the task that it was made of.
create function gold_pick_v1(p_user uuid, p_project uuid, p_nth bigint) returns bigint language plpgsql stable
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
              or exists (select from shown_tasks v where v.task_id = i.task_id and v.user_id = p_user offset 0)
              or exists (select from answers o join reviews r on r.answer_id = o.id where o.task_id = i.task_id and r.user_id = p_user offset 0)))
        order by i.id limit 1;
        exit when v_item is not null;
        v_from := v_least;
    end loop;
    return v_item;
end
$$;

-- Stores that an item takes a task's place in a worker's queue, or is leased to them at once (p_lives not null). What is on display is
-- the item's, all else the task's; where all columns are on display, the item's as far as the task has them. False when the worker is
-- blocked, or the task just left the queue.
create function gold_draw_v1(
    p_user uuid, p_item bigint, p_task bigint, p_nth bigint, p_onboarding boolean, p_gated boolean, p_lives int, p_now timestamptz)
returns boolean language plpgsql volatile as $$
declare
    v_id bigint;
begin
    for v_try in 0..400 loop
        -- Its own 64 first, then those of its neighbours: their tasks have gone the same way.
        v_id := (p_task / 64 + case when v_try < 100 then 0 else floor(random() * 17)::bigint - 8 end) * 64 + floor(random() * 64)::bigint;
        if v_try = 400 then
            v_id := nextval('tasks_id_seq') + floor(random() * 64)::bigint;
        end if;
        continue when v_id < 1 or exists (select from tasks where id = v_id);
        insert into gold_draws (id, item_id, user_id, project_id, nth, onboarding, dataset_id, batch_id, payload, charge, created_at,
                                queue_pos, token, locked_at, expires_at, ends_at, labeling_version, reward_points, reviewers_needed)
        select v_id, i.id, p_user, t.project_id, p_nth, p_onboarding, t.dataset_id, t.batch_id,
               case when shown.columns is not null
                   then t.payload || coalesce((select jsonb_object_agg(e.key, e.value) from jsonb_each(i.payload) e
                                               where e.key = any(shown.columns) and t.payload ? e.key), '{}')
                   else (select coalesce(jsonb_object_agg(e.key, i.payload->e.key), '{}') from jsonb_each(t.payload) e) end,
               case when p_gated then 'due' else 'none' end, p_now,
               case when p_lives is null then t.queue_pos end,
               case when p_lives is not null then nextval('leases_token_seq') end,
               case when p_lives is not null then p_now end,
               p_now + life.once * (p_lives / p_lives), p_now + life.once * p_lives,
               p.labeling_version, p.reward_points,
               greatest(p.reviewers_count, (exists (select from worker_qualifications q where q.project_id = p.id and q.user_id = p_user
                                                    and q.action = 'review' and not q.lifted))::int)
        from tasks t join projects p on p.id = t.project_id
        join labeling_versions l on l.project_id = p.id and l.version = p.labeling_version
        join gold_items i on i.id = p_item
        cross join lateral (select p.lock_seconds * interval '1 second' as once) life
        cross join lateral (select array_agg(d.value->>'column') as columns from jsonb_array_elements(l.labeling->'display') d) shown
        where t.id = p_task and t.queue_pos is not null
          and not exists (select from project_workers w where w.project_id = p.id and w.user_id = p_user and w.standing = 'blocked')
        on conflict (id) do nothing;
        if found then
            insert into events (kind, subject, actor, data)
            values (case when p_lives is null then 'gold.drawn' else 'gold.locked' end, v_id::text, p_user::text,
                    jsonb_build_object('item', p_item, 'nth', p_nth));
            return true;
        end if;
        exit when not exists (select from gold_draws where id = v_id);
    end loop;
    return false;
end
$$;

-- Gives a worker gold, which is due, in place of a task that this transaction has locked: p_lives not null leases it at once, else it
-- stands in the queue. The task stays where it is, for others. False: they had it, or there is none, or no quota for it.
create function gold_take_v1(p_user uuid, p_project uuid, p_task bigint, p_nth bigint, p_gated boolean, p_lives int, p_now timestamptz)
returns boolean language plpgsql volatile
set plan_cache_mode = force_generic_plan set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off as $$
declare
    v_project record;
    v_item bigint;
begin
    select gold_onboarding, task_quota - tasks_used as quota into v_project from projects where id = p_project;
    if exists (select from gold_draws where user_id = p_user and project_id = p_project and nth = p_nth) then
        return false;
    end if;
    v_item := gold_pick_v1(p_user, p_project, p_nth);
    if v_item is null then
        return false;
    end if;
    if p_gated and v_project.quota <= (select count(*) from gold_draws where project_id = p_project and charge = 'due' and skipped is null) then
        return false;
    end if;
    perform pg_advisory_xact_lock_shared(hashtextextended(p_project::text || p_user::text, 2));
    return gold_draw_v1(p_user, v_item, p_task, p_nth, p_nth < v_project.gold_onboarding, p_gated, p_lives, p_now);
end
$$;

-- What a worker could take next in a project behind a position, gold in the places that it has.
create function queue_v1(p_user uuid, p_project uuid, p_from bigint, p_count int)
returns table (id bigint, queue_pos bigint, gold boolean) language sql stable as $$
    select q.id, q.queue_pos, q.gold from (
        (select o.id, o.queue_pos, false as gold from open_tasks_v1(p_project, p_from, p_user) o
         where not exists (select from gold_draws g where g.user_id = p_user and g.project_id = p_project and g.queue_pos = o.queue_pos)
         order by o.queue_pos limit p_count)
        union all
        (select g.id, g.queue_pos, true from gold_draws g
         where g.user_id = p_user and g.project_id = p_project and g.queue_pos > p_from order by g.queue_pos limit p_count)) q
    order by q.queue_pos limit p_count
$$;

-- One worker takes one more task in a project where gold is mixed in.
create function gold_count_v1(p_user uuid, p_project uuid) returns void language sql volatile as $$
    insert into worker_cursors as c (user_id, project_id, queue_pos, claimed_at, taken)
    select p_user, p.id, p.queue_floor, now(), 1 from projects p where p.id = p_project and p.gold_every is not null
    on conflict (user_id, project_id) do update set taken = c.taken + 1
$$;

-- As tasks_lease_v1, for one gold item that stands in the worker's queue.
create function gold_lease_v1(p_user uuid, p_project uuid, p_draw bigint, p_lives int, p_now timestamptz)
returns boolean language plpgsql volatile as $$
declare
    v_project record;
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
    update gold_draws set queue_pos = null, token = nextval('leases_token_seq'), locked_at = p_now, expires_at = p_now + v_project.life,
           ends_at = p_now + p_lives * v_project.life, labeling_version = v_project.labeling_version,
           reward_points = v_project.reward_points, reviewers_needed = v_project.reviewers
    where id = p_draw and user_id = p_user and queue_pos is not null;
    if not found then
        return false;
    end if;
    insert into events (kind, subject, actor, data) values ('gold.locked', p_draw::text, p_user::text, '{}');
    return true;
end
$$;

-- As tasks_held_v1, with gold.
create function tasks_held_v2(p_user uuid, p_project uuid)
returns table (
    task_id bigint, project_id uuid, dataset_id uuid, batch_id bigint, labeling_version int, payload jsonb,
    token bigint, expires_at timestamptz, reward_points int) language sql stable as $$
    select * from tasks_held_v1(p_user, p_project)
    union all
    select g.id, g.project_id, g.dataset_id, g.batch_id, g.labeling_version, g.payload, g.token, g.expires_at, g.reward_points
    from gold_draws g where g.user_id = p_user and g.token is not null and (p_project is null or g.project_id = p_project)
$$;

-- As workplaces_v1; whether gold is mixed in, and how many tasks the worker has taken since.
create function workplaces_v2(p_user uuid, p_project uuid)
returns table (id uuid, queue_floor bigint, queue_pos bigint, claimed_at timestamptz, gold boolean, onboarding int, every int, taken bigint)
language sql stable as $$
    select w.id, w.queue_floor, w.queue_pos, w.claimed_at, p.gold_every is not null, p.gold_onboarding, p.gold_every, coalesce(c.taken, 0)
    from workplaces_v1(p_user, p_project) w join projects p on p.id = w.id
    left join worker_cursors c on c.project_id = w.id and c.user_id = p_user
$$;

-- As task_next_v1, with gold, which is put into the queue for it.
create function task_next_v2(p_user uuid, p_project uuid, p_gated boolean, p_now timestamptz)
returns table (
    task_id bigint, project_id uuid, dataset_id uuid, batch_id bigint, status text, labeling_version int, payload jsonb)
language plpgsql volatile set plan_cache_mode = force_generic_plan set enable_hashjoin = off set enable_mergejoin = off as $$
#variable_conflict use_column
declare
    v_place record;
    v_from bigint;
    v_next record;
begin
    for v_place in select * from workplaces_v2(p_user, p_project) order by claimed_at nulls first, id limit 50 loop
        if not v_place.gold then
            return query select * from task_next_v1(p_user, v_place.id);
            if found then
                return;
            end if;
            continue;
        end if;
        -- As whoever claims: what is put into the queue for one request is there for the other.
        perform pg_advisory_xact_lock(hashtextextended(p_user::text, 4));
        v_from := coalesce(v_place.queue_pos, v_place.queue_floor);
        for v_try in 1..2 loop
            select * into v_next from queue_v1(p_user, v_place.id, v_from, 1);
            exit when found or v_from = 0;
            v_from := 0;
        end loop;
        if not v_next.gold and gold_due_v1(p_user, v_place.id, v_place.taken, v_place.onboarding, v_place.every)
            and gold_take_v1(p_user, v_place.id, v_next.id, v_place.taken, p_gated, null, p_now) then
            select * into v_next from queue_v1(p_user, v_place.id, v_from, 1);
        end if;
        if v_next.gold then
            return query select g.id, g.project_id, g.dataset_id, g.batch_id, 'new'::text, p.labeling_version, g.payload
            from gold_draws g join projects p on p.id = g.project_id where g.id = v_next.id;
            return;
        elsif v_next.id is not null then
            return query select t.id, t.project_id, t.dataset_id, t.batch_id, t.status,
                case when t.leased + t.in_review + t.approved + t.rejections = 0 then p.labeling_version
                     else coalesce(t.labeling_version, p.labeling_version) end, t.payload
            from tasks t join projects p on p.id = t.project_id where t.id = v_next.id;
            return;
        end if;
    end loop;
end
$$;

-- As tasks_claim_v2; gold is taken in the places that it has in the worker's own queue. It locks nothing that others want.
create function tasks_claim_v3(
    p_user uuid, p_project uuid, p_count int, p_most int, p_leased int, p_places int, p_lives int, p_wait boolean, p_gated boolean,
    p_now timestamptz)
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
    v_places bigint[];
    v_run bigint[];
    v_nth bigint;
    v_taken int;
    v_last bigint;
    v_one record;
    v_due boolean;
    v_leased boolean;
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
    for v_place in select * from workplaces_v2(p_user, p_project) order by claimed_at nulls first, id limit 50 loop
        exit when v_wanted <= 0;
        v_tasks := null;
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
            v_taken := 1;
        else
            v_from := coalesce(v_place.queue_pos, v_place.queue_floor);
            for v_try in 1..2 loop
                -- What changed before it was locked is looked at again: t's columns are the row's as it was locked.
                select array_agg(picked.id order by picked.queue_pos), array_agg(picked.queue_pos order by picked.queue_pos)
                into v_tasks, v_places
                from (select t.id, o.queue_pos from open_tasks_v1(v_place.id, v_from, p_user) o
                      join tasks t on t.id = o.id and t.queue_pos is not null
                      where not v_place.gold or not exists (select from gold_draws g
                          where g.user_id = p_user and g.project_id = v_place.id and g.queue_pos = o.queue_pos)
                      order by o.queue_pos limit v_wanted for update of t skip locked) picked;
                -- A later chunk can become visible before an earlier one: look once from the beginning.
                exit when v_tasks is not null or v_from = 0
                    or v_place.gold and exists (select from gold_draws where user_id = p_user and project_id = v_place.id and queue_pos > v_from);
                v_from := 0;
            end loop;
            if v_place.gold then
                v_taken := 0;
                v_run := '{}';
                v_leased := true;
                v_nth := v_place.taken;
                -- In the order of the queue, in which leases are shown.
                for v_one in select * from (
                    select u.id, u.pos, false as gold from unnest(v_tasks, v_places) u (id, pos)
                    union all
                    select g.id, g.queue_pos, true from gold_draws g
                    where g.user_id = p_user and g.project_id = v_place.id and g.queue_pos > v_from) both_of order by pos limit v_wanted loop
                    v_due := gold_due_v1(p_user, v_place.id, v_nth, v_place.onboarding, v_place.every);
                    if v_run <> '{}' and (v_one.gold or v_due) then
                        v_leased := tasks_lease_v1(p_user, v_place.id, v_run, p_leased, p_places, p_lives, p_now);
                        v_run := '{}';
                        exit when not v_leased;
                    end if;
                    if v_one.gold then
                        v_leased := gold_lease_v1(p_user, v_place.id, v_one.id, p_lives, p_now);
                    elsif not (v_due and gold_take_v1(p_user, v_place.id, v_one.id, v_nth, p_gated, p_lives, p_now)) then
                        v_run := v_run || v_one.id;
                    end if;
                    exit when not v_leased;
                    v_last := v_one.pos;
                    v_nth := v_nth + 1;
                    v_taken := v_taken + 1;
                end loop;
                if v_leased and v_run <> '{}' then
                    v_leased := tasks_lease_v1(p_user, v_place.id, v_run, p_leased, p_places, p_lives, p_now);
                end if;
                continue when not v_leased or v_taken = 0;
            else
                continue when v_tasks is null
                    or not tasks_lease_v1(p_user, v_place.id, v_tasks, p_leased, p_places, p_lives, p_now);
                v_last := v_places[cardinality(v_places)];
                v_taken := cardinality(v_tasks);
            end if;
        end if;
        insert into worker_cursors as c (user_id, project_id, queue_pos, claimed_at, taken)
        values (p_user, v_place.id, v_last, p_now, case when v_place.gold then v_taken else 0 end)
        on conflict (user_id, project_id) do update
        set queue_pos = excluded.queue_pos, claimed_at = excluded.claimed_at, taken = c.taken + excluded.taken;
        v_wanted := greatest(v_wanted - v_taken, 0);
    end loop;
    return query select h.* from tasks_held_v2(p_user, p_project) h order by h.token limit p_count;
end
$$;

-- Posts the points of a gold answer that is approved: right or wrong, they are those of any other.
create function gold_pay_v1(p_answer bigint, p_at timestamptz) returns void language sql volatile as $$
    insert into points_ledger (user_id, project_id, answer_id, approval_seq, points, created_at)
    select a.user_id, a.project_id, a.id, nextval('approval_events_seq_seq'), a.reward_points, p_at
    from gold_answers a where a.id = p_answer and a.reward_points > 0
$$;

-- What an answer does to gold, by as many statements of the same kind as task_apply_v2 makes of an answer to a task: else the time
-- that a submit takes would tell them apart.
create function gold_apply_v1(p_draw bigint, p_answer bigint, p_user uuid, p_correct boolean, p_status text)
returns void language plpgsql volatile as $$
declare
    v_growth record;
begin
    select g.project_id, g.dataset_id, g.batch_id, p.consensus_field, p.consensus_options, p.consensus_confidence,
           p.task_quota > p.tasks_used as has_quota into v_growth
    from gold_draws g join projects p on p.id = g.project_id join datasets d on d.id = g.dataset_id
    where g.id = p_draw and d.bound_uid is not null and p.state not in ('closed', 'deleting');
    update gold_draws t set answered = n.answered
    from gold_draws o cross join lateral (select o.token is null as answered) n where t.id = p_draw and o.id = p_draw;
    insert into events (kind, subject, actor, data)
    select 'gold.submitted', p_answer::text, p_user::text, jsonb_build_object('gold', p_draw, 'status', p_status)
    union all
    select 'gold.answered', p_draw::text, p_user::text, jsonb_build_object('answer', p_answer, 'correct', p_correct);
end
$$;

-- As task_submit_v2, of gold: it changes no task. p_correct: whether the answer is the expected one.
create function gold_submit_v1(
    p_user uuid, p_draw bigint, p_token bigint, p_answer jsonb, p_active_millis bigint, p_status text, p_correct boolean, p_now timestamptz)
returns table (answer_id bigint, answer_status text, points int, repeated boolean) language plpgsql volatile
set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
declare
    v_draw record;
begin
    select * into v_draw from gold_draws g where g.id = p_draw and g.user_id = p_user and g.token = p_token for update;
    if not found then
        return query select a.id, a.status, a.reward_points, true from gold_answers a
            where a.lease_token = p_token and a.user_id = p_user and a.draw_id = p_draw and a.answer = p_answer and a.status <> 'withdrawn';
        return;
    end if;
    update gold_draws set token = null, locked_at = null, expires_at = null, ends_at = null, answered = true where id = p_draw;
    insert into gold_answers (id, draw_id, project_id, user_id, lease_token, labeling_version, answer, correct, status, reviewers_needed,
                              reward_points, active_millis, claimed_at, submitted_at, lease_ends_at, decided_at)
    values (nextval('answers_id_seq'), p_draw, v_draw.project_id, p_user, p_token, v_draw.labeling_version, p_answer, p_correct, p_status,
            v_draw.reviewers_needed, v_draw.reward_points, p_active_millis, v_draw.locked_at, p_now, v_draw.ends_at,
            case when p_status = 'approved' then p_now end)
    returning id into answer_id;
    if p_status = 'approved' then
        perform gold_pay_v1(answer_id, p_now);
    end if;
    perform gold_apply_v1(p_draw, answer_id, p_user, p_correct, p_status);
    answer_status := p_status;
    points := v_draw.reward_points;
    repeated := false;
    return next;
end
$$;

-- Charges answered gold as far as quota goes, and gives back what was charged for gold that was taken back since.
create function gold_charge_v1(p_project uuid, p_most bigint) returns bigint language plpgsql volatile as $$
declare
    v_left bigint;
    v_back bigint;
    v_charged bigint;
begin
    -- The project first, as whoever voids: no answer waits for it.
    select greatest(task_quota - tasks_used, 0) into v_left from projects where id = p_project for update;
    -- An array is made once; a subquery behind "in" may be made again for each row, and finds others each time.
    with back as (
        update gold_draws set charge = 'due'
        where id = any(array(select id from gold_draws where project_id = p_project and charge = 'paid' and not answered and token is null
                             order by id limit p_most for update skip locked))
        returning 1)
    select count(*) into v_back from back;
    with charged as (
        update gold_draws set charge = 'paid'
        where id = any(array(select id from gold_draws where project_id = p_project and charge = 'due' and answered
                             order by id limit least(v_left + v_back, p_most) for update skip locked))
        returning 1)
    select count(*) into v_charged from charged;
    update projects set tasks_used = greatest(tasks_used - v_back + v_charged, 0) where id = p_project;
    return v_charged;
end
$$;
