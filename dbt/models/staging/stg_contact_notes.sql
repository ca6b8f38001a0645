{{ staged('contact_notes', {'contact_id': 'contacts', 'agent_id': 'agents'}) }}
