{{ staged('do_not_contact', {'campaign_id': 'campaigns'}) }}
