-- Whether any vendor has copies of calls is asked with every load. The plan is made once for a session, for a table that is young
-- then: without this it reads all of the table later, where no call is a copy.
alter function sync.mark_changed_calls() set enable_seqscan = off;
