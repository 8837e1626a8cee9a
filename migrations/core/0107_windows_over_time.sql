set lock_timeout = '5s';

-- What a model says of each window of a recording. Of items of an inbox alone: a dataset has millions of items, and these are kilobytes of each.
alter table predictions add column windows jsonb;
alter table predictions alter column windows set statistics 0;
