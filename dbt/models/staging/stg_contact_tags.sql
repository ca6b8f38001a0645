{{ staged('contact_tags', {'contact_id': 'contacts', 'agent_id': 'agents'}) }}
