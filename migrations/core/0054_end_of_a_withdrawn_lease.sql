set lock_timeout = '5s';

-- When the lease that an answer was given from would have ended: taken back, the answer's task is leased until then, and
-- not anew. Null on answers of the release before, and of leases that have no end of their own.
alter table answers add column lease_ends_at timestamptz;
