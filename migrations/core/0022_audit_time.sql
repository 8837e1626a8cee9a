-- The time of an act is its transaction's.
alter table audit alter column at set default now();
