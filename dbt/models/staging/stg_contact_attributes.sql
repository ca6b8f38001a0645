{{ staged('contact_attributes', {'contact_id': 'contacts'}) }}
