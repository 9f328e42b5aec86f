"""How a worker reports its health: /live and /ready over HTTP, `worker.py --check`, and its own gauges.

Only `worker.py` imports this package. It looks at the things that the worker needs, and changes none of them,
with one exception: to check the outbox, it makes the folder where there is none, writes a small file into it, and
removes the file.
"""
