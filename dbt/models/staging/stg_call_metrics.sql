{{ staged('call_metrics', {'call_id': 'calls'}) }}
