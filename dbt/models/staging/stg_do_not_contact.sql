{{ staged('do_not_contact') }}
