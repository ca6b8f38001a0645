{{ staged('lists', {'campaign_id': 'campaigns'}) }}
