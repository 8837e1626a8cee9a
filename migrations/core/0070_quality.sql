set lock_timeout = '5s';

-- Approvals of a project from a number on: the labels of an export, its watermark, and what is read of quality.
create index approval_events_project on approval_events (project_id, seq);

-- Of tasks with two approved answers or more in a field, the share of pairs that are equal: where to look first. It follows
-- the approvals, up to a number per project and field; whoever asks for the hardest tasks carries it on.
create table task_agreement (
    project_id uuid not null,
    field      text not null,
    task_id    bigint not null references tasks on delete cascade,
    answers    integer not null,
    agreement  double precision not null,
    primary key (task_id, field)
);
create index task_agreement_hardest on task_agreement (project_id, field, agreement, task_id);
create table task_agreement_read (
    project_id uuid not null references projects on delete cascade,
    field      text not null,
    seq        bigint not null default 0,
    primary key (project_id, field)
);
