{{ staged('dispositions') }}
