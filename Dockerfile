# The image of Certpath's worker and command line. `docker compose build` builds it; the version of Python is in .env.
ARG PYTHON_VERSION

FROM python:${PYTHON_VERSION} AS packages
COPY requirements.lock /tmp/
RUN python -m venv /opt/certpath \
    && /opt/certpath/bin/pip install --no-cache-dir --require-hashes --requirement /tmp/requirements.lock \
    # Nothing is installed later, and a package that is not there needs no security patch.
    && /opt/certpath/bin/pip uninstall --yes --quiet pip

FROM python:${PYTHON_VERSION}
# Which build this is: a release or a commit. Tools outside read the label, and the worker reads the variable. Each state
# of the code needs an id of its own: Temporal keeps a candidacy on the build that began its run.
ARG BUILD_ID=local
LABEL org.opencontainers.image.title="Certpath" \
      org.opencontainers.image.description="Runs a professional certification programme on Temporal" \
      org.opencontainers.image.revision="${BUILD_ID}"
# MALLOC_ARENA_MAX: with a heap for each thread, a worker's memory would go on growing (docs/production.md).
ENV TEMPORAL_WORKER_BUILD_ID="${BUILD_ID}" \
    MALLOC_ARENA_MAX=2 \
    CERTPATH_OUTBOX=/var/lib/certpath/outbox \
    CERTPATH_LOG_FORMAT=json \
    CERTPATH_HEALTH_ADDRESS=127.0.0.1:9465 \
    PYTHONUNBUFFERED=1

RUN useradd --uid 10001 --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin certpath \
    # A new volume gets the owner of the folder on which it is mounted.
    && install --directory --owner certpath --group certpath --mode 0700 /var/lib/certpath/outbox

COPY --from=packages /opt/certpath /opt/certpath
WORKDIR /app
COPY . .
# Compiled here, because the root of a container is read-only: Python could not save bytecode later, and the workflow
# sandbox would compile its modules anew for each workflow.
RUN /opt/certpath/bin/python -m compileall -q /app /opt/certpath/lib

USER certpath
# Without a shell, so that SIGTERM reaches the worker itself, which then finishes the work that it has begun.
ENTRYPOINT ["/opt/certpath/bin/python", "worker.py"]
HEALTHCHECK --interval=15s --timeout=10s --start-period=30s --retries=4 \
    CMD ["/opt/certpath/bin/python", "-m", "monitoring.probe"]
