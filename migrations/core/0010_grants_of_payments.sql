-- A checkout that is open and has granted nothing yet; what billing_status shows comes from the grants.
alter table grants add column pending boolean not null default false;
