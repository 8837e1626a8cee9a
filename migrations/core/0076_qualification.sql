set lock_timeout = '5s';

-- Null where nobody has to be good at it.
alter table projects
    add column qualification_min_skill double precision,
    add column qualification_action    text check (qualification_action in ('warn', 'review', 'block')),
    add constraint projects_qualification check (num_nulls(qualification_min_skill, qualification_action) in (0, 2));

-- What was done about workers whose skill was too small, by the fit that found it: once for each, so that whoever lets a
-- worker in again has the last word.
create table worker_qualifications (
    project_id uuid not null references projects on delete cascade,
    user_id    uuid not null,
    action     text not null check (action in ('warn', 'review', 'block')),
    correct    integer not null,
    total      integer not null,
    -- the owner has decided otherwise since
    lifted     boolean not null default false,
    created_at timestamptz not null,
    primary key (project_id, user_id),
    constraint worker_qualifications_share check (correct between 0 and total)
);

-- As before; answers of a worker whose skill was too small are reviewed where the project says so.
create or replace function tasks_lease_v1(
    p_user uuid, p_project uuid, p_tasks bigint[], p_leased int, p_places int, p_lives int, p_now timestamptz)
returns boolean language plpgsql volatile as $$
declare
    v_project record;
    v_task bigint;
begin
    perform pg_advisory_xact_lock_shared(hashtextextended(p_project::text || p_user::text, 2));
    select labeling_version, reward_points, lock_seconds * interval '1 second' as life,
           greatest(reviewers_count, (exists (select from worker_qualifications q where q.project_id = p.id and q.user_id = p_user
                                              and q.action = 'review' and not q.lifted))::int) as reviewers into v_project
    from projects p where p.id = p_project
      and not exists (select from project_workers w where w.project_id = p.id and w.user_id = p_user and w.standing = 'blocked');
    if not found then
        return false;
    end if;
    foreach v_task in array p_tasks loop
        perform task_apply_v2(v_task, p_leased, 0, 0, 0, p_places, false, null, null, v_project.labeling_version, null,
                              'task.locked', v_task::text, p_user::text, '{}', p_now);
    end loop;
    insert into leases (task_id, user_id, project_id, locked_at, expires_at, ends_at, labeling_version, reward_points, reviewers_needed)
    select t.id, p_user, p_project, p_now, p_now + v_project.life, p_now + p_lives * v_project.life,
           t.labeling_version, v_project.reward_points, v_project.reviewers
    from unnest(p_tasks) with ordinality as picked (id, nth) join tasks t on t.id = picked.id order by picked.nth;
    update task_batches set status = 'in_progress'
    where id in (select batch_id from tasks where id = any(p_tasks)) and status = 'ready';
    return true;
end
$$;
