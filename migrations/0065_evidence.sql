-- Two comments stated as facts what nobody knows.
comment on column warehouse.calls.attempt_number is 'Which attempt on this lead the call was: the lead''s counter. Convoso: called_count; whether it counts up to the call or up to the reading is not known.';
comment on column warehouse.conversations.contact_id is 'Customer (contacts.id). Conversocial: author.id. Convertalk: the chat''s own _id, which is assumed to be the contact''s too; visitor_id joins them where it is not.';
