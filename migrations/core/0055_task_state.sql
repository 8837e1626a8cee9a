set lock_timeout = '5s';

-- Every claim and every submit leaves a version of its task's row. With room on its page and its place in the queue
-- unchanged, a version touches no index. Holds for pages written from now on.
alter table tasks set (fillfactor = 80);
alter table task_batches set (fillfactor = 50);

-- Derives a project's state from its spec and the datasets that are not deleted; closed and deleting are final.
create function project_settle_v1(p_project uuid) returns void language sql volatile as $$
    update projects p set updated_at = now(), state = case
        when p.state in ('closed', 'deleting') then p.state
        when p.paused then 'paused'
        when exists (select from datasets d where d.project_id = p.id and d.bound_uid is not null)
             and not exists (select from datasets d where d.project_id = p.id and d.bound_uid is not null and d.state <> 'completed') then 'completed'
        else 'active' end
    where p.id = p_project
$$;

-- Ready and completed follow the number of open batches; the project follows its datasets.
create function dataset_settle_v1(p_dataset uuid, p_now timestamptz) returns void language plpgsql volatile as $$
declare
    v_settled record;
begin
    update datasets set updated_at = p_now, state = case when open_batches = 0 then 'completed' else 'ready' end
    where id = p_dataset and state in ('ready', 'completed') and state <> case when open_batches = 0 then 'completed' else 'ready' end
    returning project_id, state into v_settled;
    if found then
        insert into events (kind, subject, actor, data)
        values ('dataset.settled', p_dataset::text, 'transition', jsonb_build_object('state', v_settled.state));
        perform project_settle_v1(v_settled.project_id);
    end if;
end
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
create function task_apply_v1(
    p_task bigint, p_leased int, p_in_review int, p_approved int, p_rejections int,
    p_places int, p_reopens boolean, p_limit int, p_all boolean, p_form int,
    p_kind text, p_subject text, p_actor text, p_data jsonb, p_now timestamptz)
returns table (status_before text, status_after text, places_opened smallint) language plpgsql volatile as $$
declare
    v_places int := p_places;
    v_queued boolean := false;
    v_closed boolean;
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

    update tasks t set
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
            else coalesce(o.labeling_version, p_form) end
    from tasks o cross join lateral (select case
            when p_all then o.slots - o.leased - o.in_review - o.approved
            when not p_all then 0
            when o.rejections + p_rejections >= p_limit then 0
            else o.slots_free + v_places end as free) n
    where t.id = p_task and o.id = p_task and n.free >= 0
    returning t.batch_id, t.dataset_id, o.status, t.status, t.slots_free - o.slots_free
    into v_batch, v_dataset, status_before, status_after, places_opened;
    if not found then
        return;
    end if;

    insert into events (kind, subject, actor, data)
    select p_kind, p_subject, p_actor, p_data
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

-- Appends an approval and its points. Approvals of one project pass together; a watermark waits until none is under way.
create function answer_approve_v1(
    p_project uuid, p_dataset uuid, p_task bigint, p_answer bigint, p_author uuid, p_points int, p_now timestamptz)
returns void language plpgsql volatile as $$
declare
    v_seq bigint;
begin
    perform pg_advisory_xact_lock_shared(hashtextextended(p_project::text, 1));
    insert into approval_events (project_id, dataset_id, task_id, answer_id, kind, created_at)
    values (p_project, p_dataset, p_task, p_answer, 'approved', p_now) returning seq into v_seq;
    if p_points > 0 then
        insert into points_ledger (user_id, project_id, answer_id, approval_seq, points, created_at)
        values (p_author, p_project, p_answer, v_seq, p_points, p_now);
    end if;
end
$$;
