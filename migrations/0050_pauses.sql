-- A vendor that wants to be left alone is told apart from a queue that is long.
alter table sync.budgets add column paused_until timestamptz not null default 'epoch';
comment on column sync.budgets.paused_until is 'Until when the vendor wants to be left alone; every user of the credential waits.';
