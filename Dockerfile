# Certpath's worker and command line. `docker compose build` makes it; the version of Python stands in .env.
ARG PYTHON_VERSION

FROM python:${PYTHON_VERSION} AS packages
COPY requirements.lock /tmp/
RUN python -m venv /opt/certpath \
    && /opt/certpath/bin/pip install --no-cache-dir --require-hashes --requirement /tmp/requirements.lock \
    # Nothing is installed afterwards, and what is not there needs no patch.
    && /opt/certpath/bin/pip uninstall --yes --quiet pip

FROM python:${PYTHON_VERSION}
# Which build this is: a release, or the commit. Labels are read from outside, the variable by the worker.
ARG BUILD_ID=local
LABEL org.opencontainers.image.title="Certpath" \
      org.opencontainers.image.description="Runs a professional certification programme on Temporal" \
      org.opencontainers.image.revision="${BUILD_ID}"
ENV CERTPATH_BUILD_ID="${BUILD_ID}" \
    CERTPATH_OUTBOX=/var/lib/certpath/outbox \
    CERTPATH_LOG_FORMAT=json \
    CERTPATH_HEALTH_ADDRESS=127.0.0.1:9465 \
    PYTHONUNBUFFERED=1

RUN useradd --uid 10001 --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin certpath \
    # A new volume takes over the owner of the folder that it covers.
    && install --directory --owner certpath --group certpath --mode 0700 /var/lib/certpath/outbox

COPY --from=packages /opt/certpath /opt/certpath
WORKDIR /app
COPY . .
# The root of a container is read-only, so Python could not keep its bytecode later, and the workflow sandbox would
# compile its modules anew for each workflow.
RUN /opt/certpath/bin/python -m compileall -q /app /opt/certpath/lib

USER certpath
# The form without a shell: SIGTERM reaches the worker itself, which then finishes what it has begun.
ENTRYPOINT ["/opt/certpath/bin/python", "worker.py"]
HEALTHCHECK --interval=15s --timeout=10s --start-period=30s --retries=4 \
    CMD ["/opt/certpath/bin/python", "-m", "monitoring.probe"]
