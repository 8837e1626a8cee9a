-- What a project's owner says the label of a task is: it overrules every method. Append-only: the latest row of a task holds,
-- and a value of null takes it back. Rows are numbered with the approvals and under their lock, so the watermark of an export
-- says which of both it knows, and a decision of later has a greater number.
create table decisions (
    seq        bigint primary key default nextval('approval_events_seq_seq'),
    project_id uuid not null,
    dataset_id uuid not null,
    task_id    bigint not null references tasks on delete cascade,
    field      text not null,
    value      jsonb,
    user_id    uuid not null,
    created_at timestamptz not null
);
-- Of one task, the latest first; also what a deleted task takes with it.
create index decisions_task on decisions (task_id, seq);
-- Of a project, by tasks for an export's pages and by number for its labels and its watermark.
create index decisions_export on decisions (project_id, task_id, seq);
create index decisions_project on decisions (project_id, seq);
