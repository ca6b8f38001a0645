{{ staged('conversation_tags', {'conversation_id': 'conversations', 'tag_id': 'tags'}) }}
