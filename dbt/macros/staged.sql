{#- A table of the warehouse as analysts use it: one key, references as keys of the same form, and neither records nor what the
    engine keeps for itself. Rows that are gone stay, marked, so that what refers to them finds them. `named_by` has the columns of
    other tables that name rows which the vendor never shows: each is a row of its own with nothing but its key. -#}
{% macro staged(table, references={}, named_by={}) %}
{%- set hidden = ['raw', 'context', 'content_hash', 'slice_id', 'generation'] -%}
{%- set relation = source('warehouse', table) -%}
{%- set columns = adapter.get_columns_in_relation(relation) | rejectattr('name', 'in', hidden) | list -%}
select
    source || ':' || id as {{ table }}_key
    {%- for column in columns %},
    {{ adapter.quote(column.name) }}
    {%- endfor %}
    {%- for column, parent in references.items() %},
    source || ':' || {{ column }} as {{ column | replace('_id', '') }}_key
    {%- endfor %},
    deleted_at is not null as is_deleted,
    false as is_only_named
from {{ relation }}
{%- if named_by %}
union all
select
    n.source || ':' || n.id
    {%- for column in columns %},
    {% if column.name in ['source', 'id'] %}n.{{ column.name }}{% else %}null::{{ column.data_type }}{% endif %}
    {%- endfor %}
    {%- for column, parent in references.items() %},
    null::text
    {%- endfor %},
    false,
    true
from (
    {%- for child, column in named_by.items() %}
    select source, {{ column }} as id from {{ source('warehouse', child) }} where {{ column }} is not null
    {%- if not loop.last %}
    union
    {%- endif %}
    {%- endfor %}
) as n
where not exists (select from {{ relation }} as t where t.source = n.source and t.id = n.id)
{%- endif %}
{% endmacro %}
