{{ staged('conversation_channels', {'conversation_id': 'conversations', 'channel_id': 'channels'}) }}
