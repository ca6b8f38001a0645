-- When a lead was first called, and how often, is read from an index alone.
create index calls_to_leads on warehouse.calls (source, lead_id, started_at) where direction = 'outbound' and deleted_at is null;
