{{ staged('channels') }}
