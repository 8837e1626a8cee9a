-- A row that goes takes those along that refer to it, and finds them by an index: without one, each task
-- of a dataset that is deleted reads every answer there is. answers_once does not serve; it leaves out
-- what was withdrawn or voided.
create index answers_task on answers (task_id);
create index exports_dataset on exports (dataset_id);
create index run_holds_run on run_holds (run_id);
create index worker_cursors_project on worker_cursors (project_id);
