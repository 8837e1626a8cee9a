-- One replica at a time tells a row, in order per key; what fails waits. Rows that nobody has told are few, so the index
-- is made at once.
set lock_timeout = '5s';
alter table outbox
    -- Rows of one key are told in the order of their ids.
    add column key       text,
    add column kind      text not null default 'payment_grant' check (kind in ('payment_grant')),
    -- Not before: ahead while somebody tells the row, or while it waits after a failure.
    add column due_at    timestamptz not null default '-infinity',
    -- Set aside for a person: nobody can take what it says.
    add column parked_at timestamptz;
create index outbox_of_key on outbox (key, id) where done_at is null;

-- The table gets the shape that it has in core. The release before writes payment_id and today's writes key: each row
-- has both until the next release drops payment_id and this trigger.
create function outbox_keep_key() returns trigger language plpgsql as $$
begin
    new.key := coalesce(new.key, new.payment_id::text);
    new.payment_id := coalesce(new.payment_id, new.key::uuid);
    return new;
end
$$;
create trigger outbox_key before insert on outbox for each row execute function outbox_keep_key();
