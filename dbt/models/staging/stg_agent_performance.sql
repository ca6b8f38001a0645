{{ staged('agent_performance', {'agent_id': 'agents'}) }}
