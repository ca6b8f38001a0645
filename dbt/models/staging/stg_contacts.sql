{{ staged('contacts', named_by={'contact_attributes': 'contact_id', 'contact_notes': 'contact_id', 'contact_segments': 'contact_id', 'contact_tags': 'contact_id', 'conversations': 'contact_id'}) }}
