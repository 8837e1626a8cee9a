set lock_timeout = '5s';

alter table models
    -- Whether its predictions are made by themselves: as its resource says, for whoever reads it elsewhere.
    add column predict_always boolean not null default false,
    -- Whether workers begin with what it says.
    add column prefill     boolean not null default false,
    -- The part of the leases that begin without it all the same, so that what it does to people is measured.
    add column blind_share double precision not null default 0.1 check (blind_share between 0 and 1);

-- Who began a task with what a model says, and who without, though it says something.
create table prefills (
    task_id    bigint not null references tasks on delete cascade,
    user_id    uuid not null,
    model_id   uuid not null references models on delete cascade,
    shown      boolean not null,
    created_at timestamptz not null,
    primary key (task_id, user_id, model_id)
);
create index prefills_model on prefills (model_id);

-- Models that workers begin with. None begins to be one before it has said its word of all gold that its project gives out: gold
-- without it would tell itself from work.
create function prefilling_models_v1() returns setof models language sql stable as $$
    select m.* from models m
    where m.prefill and m.bound_uid is not null and m.state = 'ready'
      and not exists (
          select from gold_items i where i.project_id = m.project_id and i.retired_at is null
            and not exists (select from prediction_jobs j where j.model_id = m.id and j.dataset_id = i.dataset_id and j.state = 'ready'))
$$;

-- What a worker begins each of these tasks with, which they hold: the word of the newest of these models for each field, once it has one of
-- the whole dataset. A lease is blind by worker and task alone, so no reload changes it. Gold is treated as the task whose place it took.
create function prefill_v1(p_user uuid, p_models uuid[], p_tasks bigint[], p_now timestamptz)
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
        order by h.id, m.output->>'field', m.id desc),
    noted as (
        insert into prefills (task_id, user_id, model_id, shown, created_at)
        select s.id, p_user, s.model_id, s.shown, p_now from said s where s.item_id is null
        on conflict do nothing)
    select s.id, s.field, s.label from said s where s.shown
$$;

-- Of people's answers to tasks of which a model said something before they began: how many there are, and how many are alike.
create function model_prefilled_v1(p_model uuid) returns table (shown boolean, answers bigint, alike bigint) language sql stable as $$
    select f.shown, count(*), count(*) filter (where a.answer->(m.output->>'field') = p.label)
    from models m join prefills f on f.model_id = m.id
    join predictions p on p.task_id = f.task_id and p.model_id = m.id
    join answers a on a.task_id = f.task_id and a.user_id = f.user_id and a.status not in ('withdrawn', 'voided')
    where m.id = p_model group by f.shown
$$;
