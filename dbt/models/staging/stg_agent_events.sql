{{ staged('agent_events', {'agent_id': 'agents', 'campaign_id': 'campaigns'}) }}
