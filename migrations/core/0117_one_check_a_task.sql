set lock_timeout = '5s';

alter table tasks validate constraint tasks_batch_of_dataset;
alter table tasks drop constraint tasks_dataset_id_fkey, drop constraint tasks_batch_id_fkey;
