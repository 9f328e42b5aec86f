"""How a worker reports its health: /live and /ready over HTTP, `worker.py --check`, and its own gauges.

Only `worker.py` imports this package. It looks at the things that the worker needs, and changes none of them.
"""
