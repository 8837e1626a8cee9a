-- A plan is kept with its session. One that was made while a table was small reads the whole table, and goes on doing so
-- while it grows: these look rows up by their index always, and so do the checks of foreign keys that they cause.
alter function task_next_v1 set enable_seqscan = off;
alter function tasks_claim_v1 set enable_seqscan = off;
alter function task_submit_v1 set enable_seqscan = off;
