{{ staged('contacts') }}
