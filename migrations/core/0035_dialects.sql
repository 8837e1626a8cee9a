-- How a source is written, as its resource says it; what was found is in the checkpoint.
alter table datasets
    add column delimiter text not null default 'comma' check (delimiter in ('auto', 'comma', 'semicolon', 'tab', 'pipe')),
    add column encoding  text not null default 'utf8' check (encoding in ('utf8', 'windows1251', 'windows1252', 'utf16')),
    add column multiline boolean not null default false;

-- A CSV begins with a byte order mark.
alter table exports
    add column bom boolean not null default false;
