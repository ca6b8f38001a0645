{{ staged('attribute_types') }}
