set lock_timeout = '5s';

-- Of a dataset that reads nothing: items arrive one at a time, for ever. {"crowd": "Never"}; null for every other one. It is kept as a
-- folder of files, whose tasks wait in one batch that is never sealed: nobody is given them, and they are charged to nobody.
alter table datasets add column inbox jsonb;

-- How many predictors keep a model loaded.
alter table models add column replicas integer not null default 0 check (replicas >= 0);

-- Models of a project that answer the items of its inboxes.
create function inbox_models_v1(p_project uuid) returns setof uuid language sql stable as $$
    select id from models
    where project_id = p_project and bound_uid is not null and replicas > 0 and state <> 'failed' and input->>'column' = 'file'
$$;

-- An item as its client knows it.
create table inbox_items (
    id           uuid primary key,
    task_id      bigint not null constraint inbox_items_task unique references tasks on delete cascade,
    content_type text not null,
    size_bytes   bigint not null,
    sha256       text not null,
    created_at   timestamptz not null
);

-- As before; an inbox is no work either: a project is completed by its other datasets, and an inbox never is.
create or replace function project_settle_v1(p_project uuid) returns void language sql volatile as $$
    update projects p set updated_at = now(), state = case
        when p.state in ('closed', 'deleting') then p.state
        when p.paused then 'paused'
        when exists (select from datasets d where d.project_id = p.id and d.bound_uid is not null and d.gold is null and d.inbox is null)
             and not exists (select from datasets d where d.project_id = p.id and d.bound_uid is not null and d.gold is null and d.inbox is null
                             and d.state <> 'completed')
            then 'completed'
        else 'active' end
    where p.id = p_project
$$;
create or replace function dataset_settle_v1(p_dataset uuid, p_now timestamptz) returns void language plpgsql volatile as $$
declare
    v_settled record;
begin
    update datasets set updated_at = p_now, state = case when open_batches = 0 then 'completed' else 'ready' end
    where id = p_dataset and gold is null and inbox is null and state in ('ready', 'completed')
      and state <> case when open_batches = 0 then 'completed' else 'ready' end
    returning project_id, state into v_settled;
    if found then
        insert into events (kind, subject, actor, data)
        values ('dataset.settled', p_dataset::text, 'transition', jsonb_build_object('state', v_settled.state));
        perform project_settle_v1(v_settled.project_id);
    end if;
end
$$;
