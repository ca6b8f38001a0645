-- The last slices and runs of a stream are found by when they began: no other index has that order, so that nobody looks for the few of
-- one stream among all those of the others.
drop index sync.slices_by_stream;
create index slices_by_stream on sync.slices (source, stream, started_at, id);
drop index sync.runs_by_stream;
create index runs_by_stream on sync.runs (source, stream, started_at, id);
