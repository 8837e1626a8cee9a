set lock_timeout = '5s';

-- The latest attempt stands in its delivery, and those before it in `attempts`: most deliveries need one, and a row with two indexes and a
-- foreign key beside each delivery cost as much as the rest of it. No index knows these columns, so that to begin an attempt writes to
-- none; while it lasts, `due_at` stays where it was. Until the last dispatcher of the release before is gone, it may tell again what
-- is under way.
alter table deliveries
    add column held_until timestamptz,
    -- attempts that were ever begun: the number of the latest one
    add column begun      int not null default 0,
    add column began_at   timestamptz,
    add column millis     int,
    add column status     smallint,
    add column answer     text,
    add column failure    text,
    -- Each row is written anew twice, soon.
    set (fillfactor = 60);

-- null: begun before the latest attempt stood in its delivery
alter table attempts add column nth int;
