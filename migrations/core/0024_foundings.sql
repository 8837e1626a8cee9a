set lock_timeout = '5s';

-- Who founded a tenant over REST. The row is there before the namespace, which carries its id: a founding
-- that was interrupted goes on, and a namespace that somebody else made is never taken for it. A tenant that
-- a namespace's label named has no founder. One person founds one tenant; a name without five random
-- characters is left to cluster administrators.
alter table tenants
    add column founder uuid constraint tenants_one_founding unique,
    add constraint tenants_founded_name check (founder is null or name ~ '-[a-hjkmnp-z2-9]{5}$');
