{{ staged('contact_segments', {'contact_id': 'contacts', 'segment_id': 'segments'}) }}
