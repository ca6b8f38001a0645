{{ staged('contact_notes', {'contact_id': 'contacts'}) }}
