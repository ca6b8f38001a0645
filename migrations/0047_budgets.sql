-- Everything that uses a credential shares its budget; and a source under another account is refused until somebody adopts it.
create table sync.budgets (
    credential text collate "C" primary key,
    next_at    timestamptz not null
) with (fillfactor = 50);

comment on table sync.budgets is 'When the next request under a credential may be sent, whoever sends it.';
comment on column sync.budgets.credential is 'Hash of the credential and the API host.';
comment on column sync.budgets.next_at is 'Before this instant everything is given away already, or the vendor has asked for patience.';

alter table sync.sources
    add column account         text,
    add column state           text not null default 'ok' check (state in ('ok', 'adopted', 'refused')),
    add column reason          text,
    add column refused_account text,
    add constraint sources_give_a_reason check ((state = 'refused') = (reason is not null) and (state = 'refused') = (refused_account is not null));

comment on column sync.sources.account is 'Hash of whose account it is; NULL before the first start that wrote it.';
comment on column sync.sources.state is 'ok, adopted (nothing of it may be stored yet), or refused: the settings name another account than the one whose rows are here.';
comment on column sync.sources.reason is 'Why it is refused; NULL otherwise.';
comment on column sync.sources.refused_account is 'Hash of the account that is refused; NULL where none is.';
