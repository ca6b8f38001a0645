{{ staged('conversations', {'agent_id': 'agents', 'contact_id': 'contacts', 'lead_id': 'leads', 'channel_id': 'channels'}) }}
