set lock_timeout = '5s';

-- Also of a client as a whole, and with the request that caused it, where that said which it was.
alter table stream
    alter column project_id drop not null,
    add column traceparent text;

-- Workers who were right often enough, each as the fit first found it: told once.
create table worker_passes (
    project_id uuid not null references projects on delete cascade,
    user_id    uuid not null,
    correct    integer not null,
    total      integer not null,
    created_at timestamptz not null,
    primary key (project_id, user_id),
    constraint worker_passes_share check (correct between 0 and total)
);

-- Tasks of which it was told that nobody on the list can go on with them. One that somebody can is told again when nobody can again.
create table starved_tasks (
    task_id    bigint primary key,
    project_id uuid not null references projects on delete cascade,
    since      timestamptz not null default now()
);
create index starved_tasks_project on starved_tasks (project_id);

-- As before; with the request.
create or replace function events_to_stream_v1() returns trigger language plpgsql as $$
declare
    v_project uuid;
    v_about jsonb := '{}';
begin
    case split_part(new.kind, '.', 1)
        when 'answer', 'review' then
            select a.project_id, jsonb_build_object('task', a.task_id, 'dataset', t.dataset_id)
            into v_project, v_about from answers a join tasks t on t.id = a.task_id where a.id = new.subject::bigint;
        when 'task' then
            select t.project_id, jsonb_build_object('dataset', t.dataset_id, 'batch', t.batch_id)
            into v_project, v_about from tasks t where t.id = new.subject::bigint;
        when 'batch' then
            select d.project_id, jsonb_build_object('dataset', b.dataset_id, 'tasks', b.size)
            into v_project, v_about from task_batches b join datasets d on d.id = b.dataset_id where b.id = new.subject::bigint;
        when 'dataset' then
            select d.project_id, jsonb_build_object('name', d.name) into v_project, v_about from datasets d where d.id = new.subject::uuid;
        when 'export' then
            select e.project_id, jsonb_build_object('name', e.name) into v_project, v_about from exports e where e.id = new.subject::uuid;
        when 'prediction' then
            select j.project_id, jsonb_build_object('name', j.name, 'dataset', j.dataset_id, 'predicted', j.predicted, 'failed', j.failed)
            into v_project, v_about from prediction_jobs j where j.id = new.subject::uuid;
        when 'model' then
            select m.project_id, jsonb_build_object('name', m.name) into v_project, v_about from models m where m.id = new.subject::uuid;
        when 'worker' then
            v_project := (new.data ->> 'project')::uuid;
            select jsonb_build_object('worker', n.pseudonym) into v_about
            from projects p join worker_pseudonyms n on n.tenant_id = p.tenant_id and n.user_id = new.subject::uuid where p.id = v_project;
        when 'project' then
            v_project := new.subject::uuid;
            select jsonb_build_object('name', p.name) into v_about from projects p where p.id = v_project;
    end case;
    insert into stream (event_id, kind, subject, data, tenant_id, project_id, happened_at, traceparent)
    select new.id, new.kind, new.subject, new.data || coalesce(v_about, '{}'), p.tenant_id, p.id, new.created_at,
           nullif(current_setting('datacrowd.traceparent', true), '')
    from projects p where p.id = v_project;
    return null;
end
$$;

-- As before; two kinds more.
create or replace trigger events_to_stream after insert on events for each row
    when (new.kind = 'task.changed' and (new.data ->> 'to' in ('approved', 'rejected') or new.data ->> 'from' in ('approved', 'rejected'))
        or new.kind in (
        'answer.submitted', 'answer.reviewed', 'answer.withdrawn', 'answer.voided', 'review.undone', 'batch.changed',
        'dataset.applied', 'dataset.generating', 'dataset.ready', 'dataset.settled', 'dataset.stopped', 'dataset.deleted',
        'project.applied', 'project.changed', 'project.granted', 'project.low', 'project.exhausted', 'project.deleted',
        'export.ended', 'export.expired', 'prediction.ended', 'model.checked', 'task.starved',
        'worker.member', 'worker.blocked', 'worker.removed', 'worker.disqualified', 'worker.qualified'))
    execute function events_to_stream_v1();
