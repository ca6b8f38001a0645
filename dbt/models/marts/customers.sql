-- Customers over all vendors, with how often they turned to the company.
select
    p.person_id, p.name, p.sources, p.emails, p.numbers, p.leads, p.contacts,
    count(c.started_at) as times_in_contact, max(c.started_at) as last_contact_at
from {{ source('marts', 'people') }} as p
left join {{ source('marts', 'contacts_made') }} as c on c.person_id = p.person_id
group by p.person_id, p.name, p.sources, p.emails, p.numbers, p.leads, p.contacts
