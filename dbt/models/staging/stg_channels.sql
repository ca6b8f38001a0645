{{ staged('channels', {'account_id': 'accounts'}) }}
