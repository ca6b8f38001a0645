{{ staged('contact_attributes', {'contact_id': 'contacts', 'agent_id': 'agents', 'attribute_type_id': 'attribute_types'}) }}
