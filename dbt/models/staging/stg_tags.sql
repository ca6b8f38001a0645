{{ staged('tags') }}
