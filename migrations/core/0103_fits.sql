-- What the last fit of a project was made of: while that is the same, another one would say the same. Written by fits alone, so no answer
-- waits for it.
create table fits (
    project_id uuid primary key references projects on delete cascade,
    fitted_at  timestamptz not null,
    -- a digest; null until everything is done that follows from the fit
    made_of    bytea
);
