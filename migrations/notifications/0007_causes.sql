set lock_timeout = '5s';

-- The request that caused it, where it said which it is.
alter table events add column traceparent text;

-- Nothing is sent this way before then: whoever takes messages asked for a pause.
alter table channels add column paused_until timestamptz;

-- Whether the latest attempt failed by its recipient alone, such as by a mailbox that is full: nothing that whoever runs the platform can mend.
alter table messages add column personal boolean not null default false;
