{{ staged('agents', {'account_id': 'accounts'}) }}
