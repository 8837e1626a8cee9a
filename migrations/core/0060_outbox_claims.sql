-- One replica at a time tells a row, in order per key; what fails waits. Rows that nobody has told are few, so the index
-- is made at once.
set lock_timeout = '5s';
alter table outbox
    -- Rows of one key are told in the order of their ids. A row of the release before has none: it is told in any order.
    add column key       text,
    -- Not before: ahead while somebody tells the row, or while it waits after a failure.
    add column due_at    timestamptz not null default '-infinity',
    -- Set aside for a person: nobody can take what it says.
    add column parked_at timestamptz;
create index outbox_of_key on outbox (key, id) where done_at is null;
