-- A large file of an upload's folder that arrives in several requests, and becomes an object with its last byte.
create table upload_files (
    id           uuid primary key,
    upload_id    uuid not null references uploads on delete cascade,
    -- path within the folder
    name         text not null,
    size_bytes   bigint not null constraint upload_files_size check (size_bytes >= 0),
    -- bytes of each part but the last
    part_bytes   bigint not null constraint upload_files_part check (part_bytes > 0),
    -- the object store's multipart upload
    multipart_id text not null,
    -- the request that may add parts: the latest
    writer       uuid,
    state        text not null default 'open' constraint upload_files_state check (state in ('open', 'done')),
    created_at   timestamptz not null default now()
);
create index upload_files_of_upload on upload_files (upload_id);
create index upload_files_open on upload_files (id) where state = 'open';

create table upload_parts (
    file_id uuid not null references upload_files on delete cascade,
    -- the object store numbers them from 1
    number  integer not null constraint upload_parts_number check (number between 1 and 10000),
    etag    text not null,
    primary key (file_id, number)
);
