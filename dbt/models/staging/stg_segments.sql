{{ staged('segments') }}
