{{ staged('leads', {'agent_id': 'agents', 'list_id': 'lists', 'campaign_id': 'campaigns'}) }}
