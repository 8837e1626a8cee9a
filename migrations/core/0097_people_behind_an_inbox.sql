set lock_timeout = '5s';

-- datasets.inbox may say more than Never: {"crowd": "Always"}, or {"crowd": "Uncertain", "askBelow": 0.9, "holdSeconds": 300}. Items that
-- people are asked about leave the batch 0, which is never sealed, for the batch 1, which is, and which counts as any other one.

-- When it is next to be looked at whether people are to be asked about an item; null: that is settled. What it says is a hint: whether
-- they are asked is told by tasks.charged.
alter table inbox_items add column look_at timestamptz;
create index inbox_items_look on inbox_items (look_at) where look_at is not null;

-- Whether people are to be asked about an item, by what its models said until now; null while that is open.
create function inbox_asks_v1(p_task bigint, p_now timestamptz) returns boolean language sql stable as $$
    select case d.inbox->>'crowd'
        when 'Always' then true
        when 'Uncertain' then case
            when exists (select from predictions p where p.task_id = i.task_id and p.probability < (d.inbox->>'askBelow')::float8) then true
            when exists (select from prediction_queue q where q.task_id = i.task_id and q.failure is not null) then true
            when exists (select from predictions p where p.task_id = i.task_id)
                 and not exists (select from prediction_queue q where q.task_id = i.task_id) then false
            when i.created_at + (d.inbox->>'holdSeconds')::int * interval '1 second' <= p_now then true end
        else false end
    from inbox_items i join tasks t on t.id = i.task_id join datasets d on d.id = t.dataset_id
    where i.task_id = p_task
$$;

-- Opens the places of an item's task, once, where people are to be asked and there is quota for all of them. True when it did. Whoever
-- calls it, and however often: the task is locked, and what is asked is asked of what is committed then.
--
-- Locks as everywhere: task, batch, dataset, project. The batch that is left comes behind the dataset, as where an item is taken.
create function inbox_ask_v1(p_task bigint, p_gated boolean, p_now timestamptz) returns boolean language plpgsql volatile as $$
declare
    v_task record;
    v_asks boolean;
    v_asked bigint;
    v_open int;
    v_slots int;
begin
    perform from tasks t where t.id = p_task for update;
    select t.project_id, t.dataset_id, t.batch_id, t.status, t.charged or t.cancelled as is_settled into v_task
    from tasks t join inbox_items i on i.task_id = t.id join datasets d on d.id = t.dataset_id
    where t.id = p_task and d.bound_uid is not null and d.inbox is not null;
    if not found then
        return false;
    end if;
    v_asks := inbox_asks_v1(p_task, p_now);
    if v_task.is_settled or not v_asks then
        update inbox_items set look_at = null where task_id = p_task and look_at is not null;
        return false;
    end if;
    if v_asks is null then
        -- Its hold may be another one since it came.
        update inbox_items i set look_at = i.created_at + (d.inbox->>'holdSeconds')::int * interval '1 second'
        from datasets d where i.task_id = p_task and d.id = v_task.dataset_id and i.look_at <= p_now;
        return false;
    end if;

    -- The first one: it waits for whoever takes an item, and holds nothing that they wait for.
    insert into task_batches (dataset_id, ordinal, sealed, status) values (v_task.dataset_id, 1, true, 'ready')
    on conflict on constraint task_batches_ordinal do nothing;
    select id, open_tasks into v_asked, v_open from task_batches where dataset_id = v_task.dataset_id and ordinal = 1 for no key update;
    if v_open = 0 then
        perform from datasets where id = v_task.dataset_id for no key update;
    end if;
    perform from task_batches where id = v_task.batch_id for no key update;
    update projects set slots_frozen = true, tasks_used = tasks_used + case when p_gated then answers_per_task else 0 end
    where id = v_task.project_id and state in ('active', 'completed') and bound_uid is not null and labeling_version > 0
      and (not p_gated or task_quota - tasks_used >= answers_per_task)
    returning answers_per_task into v_slots;
    if not found then
        return false;
    end if;

    update tasks t set slots = v_slots, slots_free = v_slots, charged = true, batch_id = v_asked, queue_pos = nextval('task_queue_pos'),
        external_id = t.payload ->> (l.labeling ->> 'externalIdColumn')
    from projects p join labeling_versions l on l.project_id = p.id and l.version = p.labeling_version
    where t.id = p_task and p.id = v_task.project_id;
    if v_task.batch_id <> v_asked then
        update task_batches set size = size - 1, open_tasks = open_tasks - 1 where id = v_task.batch_id;
        update task_batches set size = size + 1, open_tasks = open_tasks + 1, status = case status when 'done' then 'ready' else status end
        where id = v_asked;
        if v_open = 0 then
            update datasets set open_batches = open_batches + 1, batches = 2 where id = v_task.dataset_id;
        end if;
    end if;
    update inbox_items set look_at = null where task_id = p_task;
    insert into events (kind, subject, actor, data)
    values ('task.asked', p_task::text, 'inbox', jsonb_build_object('slots', v_slots));
    return true;
end
$$;
