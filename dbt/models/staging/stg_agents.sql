{{ staged('agents') }}
