{{ staged('report_exports', {'account_id': 'accounts', 'agent_id': 'agents'}) }}
