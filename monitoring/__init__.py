"""How a worker says how it is: /live and /ready over HTTP, `worker.py --check`, and its own gauges.

Only `worker.py` imports this package. It looks at what the worker needs and changes nothing.
"""
