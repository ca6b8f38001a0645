{{ staged('agent_performance', {'agent_id': 'agents', 'campaign_id': 'campaigns'}) }}
