-- Analysts query schema warehouse; schema sync holds what the daemon knows about its own work, for everyone to read.
create schema if not exists warehouse;
create schema if not exists sync;

comment on schema warehouse is 'Rows of all vendors in one common schema. Every table has the key (source, id).';
comment on schema sync is 'What Convene knows about its own work: coverage, walks, rejects, leases.';
comment on table sync.schema is 'Migrations that were applied to this database.';
