{{ staged('contact_tags', {'contact_id': 'contacts'}) }}
