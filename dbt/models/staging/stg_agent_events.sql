{{ staged('agent_events', {'agent_id': 'agents'}) }}
