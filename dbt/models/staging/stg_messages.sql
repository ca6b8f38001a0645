{{ staged('messages', {'conversation_id': 'conversations', 'agent_id': 'agents'}) }}
