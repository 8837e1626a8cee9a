set lock_timeout = '5s';

-- What clients are told of: written with the change itself, taken away when the context notifications has it.
create table stream (
    id          bigint generated always as identity primary key,
    -- the row of `events`; what an event is called outside is made of it, and so never changes
    event_id    bigint not null,
    kind        text not null,
    subject     text not null,
    -- of the event, and what its subject belongs to
    data        jsonb not null,
    tenant_id   uuid not null,
    project_id  uuid not null,
    happened_at timestamptz not null
);
-- Rows come and go: without these, a relay reads what is long told.
alter table stream set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_analyze_scale_factor = 0.5);

-- What the subject of an event belongs to is read now: a moment later it may be gone.
create function events_to_stream_v1() returns trigger language plpgsql as $$
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
    insert into stream (event_id, kind, subject, data, tenant_id, project_id, happened_at)
    select new.id, new.kind, new.subject, new.data || coalesce(v_about, '{}'), p.tenant_id, p.id, new.created_at
    from projects p where p.id = v_project;
    return null;
end
$$;

-- Whoever writes an event cannot forget to tell it. What a claim writes is not told, and costs it nothing.
create trigger events_to_stream after insert on events for each row
    when (new.kind = 'task.changed' and (new.data ->> 'to' in ('approved', 'rejected') or new.data ->> 'from' in ('approved', 'rejected'))
        or new.kind in (
        'answer.submitted', 'answer.reviewed', 'answer.withdrawn', 'answer.voided', 'review.undone', 'batch.changed',
        'dataset.applied', 'dataset.generating', 'dataset.ready', 'dataset.settled', 'dataset.stopped', 'dataset.deleted',
        'project.applied', 'project.changed', 'project.granted', 'project.low', 'project.exhausted', 'project.deleted',
        'export.ended', 'export.expired', 'prediction.ended', 'model.checked',
        'worker.member', 'worker.blocked', 'worker.removed', 'worker.disqualified'))
    execute function events_to_stream_v1();

-- States that several statements move, each told once where they are kept.
create function project_changed_v1() returns trigger language plpgsql as $$
begin
    insert into events (kind, subject, actor, data)
    values ('project.changed', new.id::text, 'transition', jsonb_build_object('from', old.state, 'to', new.state));
    return null;
end
$$;
create trigger projects_changed after update of state on projects for each row
    when (old.state is distinct from new.state) execute function project_changed_v1();

-- Told under the kind that the trigger names.
create function project_spent_v1() returns trigger language plpgsql as $$
begin
    insert into events (kind, subject, actor, data)
    values (tg_argv[0], new.id::text, 'transition', jsonb_build_object('quota', new.task_quota, 'used', new.tasks_used));
    return null;
end
$$;
create trigger projects_exhausted after update of tasks_used on projects for each row
    when (old.tasks_used < old.task_quota and new.tasks_used >= new.task_quota) execute function project_spent_v1('project.exhausted');
-- Less than a tenth is left: time to buy more before work stops.
create trigger projects_low after update of tasks_used on projects for each row
    when (old.tasks_used * 10 < old.task_quota * 9 and new.tasks_used * 10 >= new.task_quota * 9 and new.tasks_used < new.task_quota)
    execute function project_spent_v1('project.low');

create function batch_changed_v1() returns trigger language plpgsql as $$
begin
    insert into events (kind, subject, actor, data)
    values ('batch.changed', new.id::text, 'transition',
            jsonb_build_object('from', old.status, 'to', new.status, 'approved', new.approved, 'rejected', new.rejected));
    return null;
end
$$;
create trigger task_batches_changed after update of status on task_batches for each row
    when (old.status is distinct from new.status) execute function batch_changed_v1();
