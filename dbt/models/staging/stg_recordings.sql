{{ staged('recordings', {'call_id': 'calls', 'lead_id': 'leads'}) }}
