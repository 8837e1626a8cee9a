set lock_timeout = '5s';

-- The owner reads why tasks are skipped. Rows without a project are of the release before; the sweeper fills them.
alter table skips add column project_id uuid;
create index skips_project on skips (project_id, task_id);
create index skips_without_project on skips (task_id) where project_id is null;
