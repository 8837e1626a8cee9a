-- How the tasks of an export get one label each: fixed with the watermark, so that the same watermark gives the same bytes.
set lock_timeout = '5s';
alter table exports add column consensus jsonb;
