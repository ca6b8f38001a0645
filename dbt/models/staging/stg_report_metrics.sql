{{ staged('report_metrics') }}
