{{ staged('report_exports') }}
