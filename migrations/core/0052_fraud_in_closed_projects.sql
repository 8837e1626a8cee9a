-- An ADMIN's verdict of fraud gives the client a new place, or, where none opens any more, the judgement back.
alter table voids add column uncharged bigint not null default 0 constraint voids_uncharged_by_fraud check (uncharged = 0 or fraud);
