-- A record that cannot be read is kept whole, so that nothing is lost and a mended mapping can take it up.
create table sync.rejects (
    source        text collate "C" not null,
    stream        text collate "C" not null,
    record_hash   bytea not null,
    walk_id       bigint not null,
    position      bigint not null,
    reason        text not null,
    raw           text not null,
    first_seen_at timestamptz not null,
    last_seen_at  timestamptz not null,
    primary key (source, stream, record_hash)
);

comment on table sync.rejects is 'Records that could not be read, whole. The same record is kept once, however often it comes.';
comment on column sync.rejects.source is 'The source''s name in the settings.';
comment on column sync.rejects.stream is 'The stream''s name.';
comment on column sync.rejects.record_hash is 'Hash of the record''s text.';
comment on column sync.rejects.walk_id is 'The walk that met it last.';
comment on column sync.rejects.position is 'Its place on its page, from 0.';
comment on column sync.rejects.reason is 'What was wrong; names a field, never a value.';
comment on column sync.rejects.raw is 'The vendor''s record as received; NUL characters replaced.';
comment on column sync.rejects.first_seen_at is 'When it was first met.';
comment on column sync.rejects.last_seen_at is 'When it was last met.';

-- Finds the record that spoils a batch, after the server has refused the batch.
create function sync.is_jsonb(record text) returns boolean language plpgsql immutable as $$
begin
    perform record::jsonb;
    return true;
exception when data_exception or program_limit_exceeded or statement_too_complex then
    return false;
end
$$;

comment on function sync.is_jsonb(text) is 'True where the text can be stored as jsonb.';
