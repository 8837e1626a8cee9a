set lock_timeout = '5s';

-- A source may be a folder, each file of which is a row.
alter table datasets
    drop constraint datasets_source_format_check,
    add constraint datasets_source_format_check check (source_format in ('csv', 'jsonl', 'files')) not valid,
    -- which of its files: {include, exclude, companions}
    add column selection jsonb,
    add constraint datasets_selection check ((source_format = 'files') = (selection is not null)) not valid;
