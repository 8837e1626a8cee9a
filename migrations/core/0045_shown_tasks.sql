-- Who was shown an answer of a task could copy it: the task is never offered to them again.
create table shown_tasks (
    task_id  bigint not null references tasks on delete cascade,
    user_id  uuid not null,
    shown_at timestamptz not null,
    primary key (task_id, user_id)
);
-- Those who are looking at an answer now. Who decided on one before has a review.
insert into shown_tasks (task_id, user_id, shown_at)
select distinct a.task_id, l.user_id, now() from review_leases l join answers a on a.id = l.answer_id;
