{{ staged('conversation_tags', {'conversation_id': 'conversations'}) }}
