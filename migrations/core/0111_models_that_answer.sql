set lock_timeout = '5s';

alter table models
    -- A task of which it is at least so sure it answers as a worker; null: none.
    add column answer_above double precision check (answer_above > 0 and answer_above <= 1),
    -- What it said before answer_above was what it is now is looked at behind this task; null: all of it was.
    add column answers_from bigint;

-- A model is the worker whose id is its own. It stays one when it is deleted: its answers do.
create table model_workers (
    model_id   uuid primary key,
    project_id uuid not null references projects on delete cascade,
    name       text not null,
    created_at timestamptz not null default now()
);
create index model_workers_project on model_workers (project_id);

-- Whether it is still to be seen if the model answers the task. Written with its word, so whoever dies between the two loses nothing.
alter table predictions add column answer_due boolean not null default false;
create index predictions_answer_due on predictions (model_id, task_id) where answer_due;

-- Looks at so many words that a model said before: those that are sure enough now are due. One caller at a time; whoever says new ones
-- waits for the model's row, and sees answer_above as it is.
create function answers_look_v1(p_model uuid, p_step int) returns void language plpgsql volatile as $$
declare
    v_model record;
    v_last bigint;
    v_seen bigint;
begin
    select answer_above, answers_from into v_model from models
    where id = p_model and answers_from is not null for no key update skip locked;
    if not found then
        return;
    end if;
    select max(s.task_id), count(*) into v_last, v_seen
    from (select task_id from predictions where model_id = p_model and task_id > v_model.answers_from order by task_id limit p_step) s;
    update predictions p set answer_due = true
    from tasks t join datasets d on d.id = t.dataset_id
    where p.model_id = p_model and p.task_id > v_model.answers_from and p.task_id <= v_last and p.probability >= v_model.answer_above
      and not p.answer_due and t.id = p.task_id and t.slots_free > 0 and d.inbox is null;
    update models set answers_from = case when v_seen = p_step then v_last end where id = p_model;
end
$$;

-- Tasks that models are to answer now, the oldest first, so many of each model.
create function answers_due_v1(p_each int) returns table (model_id uuid, task_id bigint) language sql stable as $$
    select m.id, s.task_id
    from models m join projects p on p.id = m.project_id
    cross join lateral (
        select w.task_id from predictions w join tasks t on t.id = w.task_id join datasets d on d.id = t.dataset_id
        where w.model_id = m.id and w.answer_due and (t.slots_free = 0 or (t.charged and d.bound_uid is not null))
        order by w.task_id limit p_each) s
    where m.answer_above is not null and m.bound_uid is not null and m.state = 'ready'
      and p.state in ('active', 'completed') and p.bound_uid is not null and p.labeling_version > 0
$$;

-- What a model says of a task, and whether it may answer it; no row while nobody may. The caller has locked the task in an earlier
-- statement.
--
-- It answers a task once, whatever became of that answer. Where a task has several places, models leave one at least to people. What
-- somebody began with its word it does not answer as well.
create function answer_ripe_v1(p_model uuid, p_task bigint)
returns table (project_id uuid, labeling_version int, field text, label jsonb, may boolean) language sql stable as $$
    select t.project_id,
           case when t.leased + t.in_review + t.approved + t.rejections = 0 then p.labeling_version
                else coalesce(t.labeling_version, p.labeling_version) end,
           m.output->>'field', w.label,
           w.probability >= m.answer_above and t.queue_pos is not null and t.slots_free > 0 and d.inbox is null
           and not exists (select from answers a where a.task_id = t.id and a.user_id = m.id)
           and (t.slots = 1 or t.slots > 1 + (
               select count(*) from answers a join model_workers o on o.model_id = a.user_id
               where a.task_id = t.id and a.status in ('in_review', 'approved')))
           and not exists (
               select from prefills f where f.task_id = t.id and f.model_id = m.id and f.shown
                 and (exists (select from leases l where l.task_id = t.id and l.user_id = f.user_id)
                      or exists (select from answers a where a.task_id = t.id and a.user_id = f.user_id and a.status not in ('withdrawn', 'voided'))))
    from predictions w join models m on m.id = w.model_id join tasks t on t.id = w.task_id
    join datasets d on d.id = t.dataset_id join projects p on p.id = t.project_id
    where w.task_id = p_task and w.model_id = p_model and w.answer_due
      and m.answer_above is not null and m.bound_uid is not null and m.state = 'ready'
      and (t.slots_free = 0 or (t.charged and d.bound_uid is not null))
      and p.state in ('active', 'completed') and p.bound_uid is not null and p.labeling_version > 0
$$;

-- As before; nobody begins with the word of a model that answered the task, nor gold with one that would have answered it.
create or replace function prefill_v1(p_user uuid, p_models uuid[], p_tasks bigint[], p_now timestamptz)
returns table (task_id bigint, field text, value jsonb) language sql volatile as $$
    with held as (
        select t.id, t.project_id, t.dataset_id, t.id as task_id, null::bigint as item_id from tasks t where t.id = any(p_tasks)
        union all
        select g.id, g.project_id, g.dataset_id, i.task_id, i.id from gold_draws g join gold_items i on i.id = g.item_id
        where g.id = any(p_tasks) and g.user_id = p_user),
    said as (
        select distinct on (h.id, m.output->>'field') h.id, h.item_id, m.id as model_id, m.output->>'field' as field,
               coalesce(p.label, g.label) as label,
               (hashtextextended(p_user::text || h.id::text, 11) & 1048575) >= m.blind_share * 1048576 as shown
        from held h join models m on m.project_id = h.project_id and m.id = any(p_models)
        left join predictions p on p.task_id = h.task_id and p.model_id = m.id
        left join gold_predictions g on g.item_id = h.item_id and g.model_id = m.id
        where coalesce(p.label, g.label) is not null
          and exists (select from prediction_jobs j where j.model_id = m.id and j.dataset_id = h.dataset_id and j.state = 'ready')
          and case when h.item_id is not null then coalesce(coalesce(p.probability, g.probability) < m.answer_above, true)
                   else not exists (select from answers a where a.task_id = h.task_id and a.user_id = m.id and a.status not in ('withdrawn', 'voided')) end
        order by h.id, m.output->>'field', m.id desc),
    noted as (
        insert into prefills (task_id, user_id, model_id, shown, created_at)
        select s.id, p_user, s.model_id, s.shown, p_now from said s where s.item_id is null
        on conflict do nothing)
    select s.id, s.field, s.label from said s where s.shown
$$;

-- What became of the answers that a model gave.
create function model_answered_v1(p_model uuid) returns table (in_review bigint, approved bigint, rejected bigint) language sql stable as $$
    select count(*) filter (where status = 'in_review'), count(*) filter (where status = 'approved'), count(*) filter (where status = 'rejected')
    from answers where user_id = p_model
$$;
