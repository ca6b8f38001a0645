{#- A table of the warehouse as analysts use it: one key, references as keys of the same form, and neither records nor what the
    engine keeps for itself. Rows that are gone stay, marked, so that what refers to them finds them. -#}
{% macro staged(table, references={}) %}
{%- set hidden = ['raw', 'context', 'content_hash', 'slice_id', 'generation'] -%}
{%- set relation = source('warehouse', table) -%}
select
    source || ':' || id as {{ table }}_key
    {%- for column in adapter.get_columns_in_relation(relation) if column.name not in hidden %},
    {{ adapter.quote(column.name) }}
    {%- endfor %}
    {%- for column, parent in references.items() %},
    source || ':' || {{ column }} as {{ column | replace('_id', '') }}_key
    {%- endfor %},
    deleted_at is not null as is_deleted
from {{ relation }}
{% endmacro %}
