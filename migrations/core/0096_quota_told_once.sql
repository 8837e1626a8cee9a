set lock_timeout = '5s';

-- What was told of the quota that holds now, 'low' or 'exhausted': what goes back and is spent again is not told again.
alter table projects add column quota_told text check (quota_told in ('low', 'exhausted'));

-- As before; before the row is written, so that it can keep what was told.
create function project_quota_v1() returns trigger language plpgsql as $$
begin
    if tg_argv[0] = 'granted' then
        new.quota_told := null;
        return new;
    end if;
    new.quota_told := tg_argv[0];
    insert into events (kind, subject, actor, data)
    values ('project.' || tg_argv[0], new.id::text, 'transition', jsonb_build_object('quota', new.task_quota, 'used', new.tasks_used));
    return new;
end
$$;
drop trigger projects_exhausted on projects;
drop trigger projects_low on projects;
create trigger projects_exhausted before update of tasks_used on projects for each row
    when (old.tasks_used < old.task_quota and new.tasks_used >= new.task_quota and old.quota_told is distinct from 'exhausted')
    execute function project_quota_v1('exhausted');
-- Less than a tenth is left: time to buy more before work stops.
create trigger projects_low before update of tasks_used on projects for each row
    when (old.tasks_used * 10 < old.task_quota * 9 and new.tasks_used * 10 >= new.task_quota * 9 and new.tasks_used < new.task_quota
          and old.quota_told is null)
    execute function project_quota_v1('low');
create trigger projects_quota before update of task_quota on projects for each row
    when (old.task_quota <> new.task_quota) execute function project_quota_v1('granted');
