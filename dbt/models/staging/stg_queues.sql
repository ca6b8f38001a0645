{{ staged('queues') }}
