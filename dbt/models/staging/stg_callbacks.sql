{{ staged('callbacks', {'agent_id': 'agents', 'lead_id': 'leads', 'list_id': 'lists', 'campaign_id': 'campaigns', 'disposition_code': 'dispositions'}) }}
