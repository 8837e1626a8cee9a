set lock_timeout = '5s';

-- Whether quota is spent on a task. A dataset that is deleted gives back what nobody answered, and spends
-- it again, task by task, when a later resource of its name takes the rows over.
alter table tasks add column charged boolean not null default true;

-- Unbound first, then let go step by step: up to leave_from its tasks are out of the queue, without leases,
-- reviews and uncharged. Adopted, what was charged joins the queue again from requeue_from on, what was not
-- from recharge_from on, as far as quota goes; null when all of it has.
alter table datasets
    -- the incarnation that was deleted, and when
    add column left_uid uuid,
    add column left_at timestamptz,
    add column leave_from bigint,
    add column recharge_from bigint,
    -- its rows go, too, once it has been let go
    add column removing boolean not null default false;
create index datasets_leaving on datasets (id)
    where bound_uid is null and (left_at is null or leave_from is not null or removing);
create index datasets_recharge on datasets (id) where recharge_from is not null;
