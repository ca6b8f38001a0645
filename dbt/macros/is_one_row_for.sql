{#- One row for each combination of these columns; NULL counts as a value. -#}
{% test is_one_row_for(model, columns) %}
select {{ columns | join(', ') }}, count(*) as row_count
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1
{% endtest %}
