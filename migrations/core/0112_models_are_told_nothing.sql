set lock_timeout = '5s';

-- As before; of a worker it is said where it is a model, which is told of nothing: it has no account.
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
            select jsonb_strip_nulls(jsonb_build_object('worker', n.pseudonym, 'model', m.name)) into v_about
            from projects p left join worker_pseudonyms n on n.tenant_id = p.tenant_id and n.user_id = new.subject::uuid
            left join model_workers m on m.model_id = new.subject::uuid where p.id = v_project;
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
