{{ staged('report_metrics', {'agent_id': 'agents'}) }}
