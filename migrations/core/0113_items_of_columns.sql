set lock_timeout = '5s';

-- Models of a project that answer the items of its inboxes: recordings in the column `file`, or columns of numbers.
create function inbox_models_v2(p_project uuid) returns table (id uuid, reads_columns boolean) language sql stable as $$
    select m.id, m.input->>'column' is null from models m
    where m.project_id = p_project and m.bound_uid is not null and m.replicas > 0 and m.state <> 'failed'
      and coalesce(m.input->>'column', 'file') = 'file'
$$;
