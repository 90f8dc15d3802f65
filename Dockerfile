# syntax=docker/dockerfile:1
# One image for web, worker, scheduler and commands. Non-root; writes only to /tmp, so its root file system may be read-only.

FROM python:3.11-slim-bookworm AS packages
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /build
RUN python -m venv /opt/venv
COPY requirements.txt .
RUN /opt/venv/bin/pip install --require-hashes --only-binary :all: -r requirements.txt

FROM python:3.11-slim-bookworm
# pg_dump and its siblings, of the version of the database's image: flask backup
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates postgresql-common \
    && /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh -y \
    && apt-get install -y --no-install-recommends postgresql-client-17 \
    && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin gatte
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    GATTE_ENV=production \
    GATTE_DATA_DIR=/var/lib/gatte \
    MALLOC_ARENA_MAX=2 \
    PROMETHEUS_MULTIPROC_DIR=/tmp/gatte-metrics
WORKDIR /srv/gatte
COPY --from=packages /opt/venv /opt/venv
COPY . .
# The local model is trained now: a worker only loads it, and needs no folder to write to.
# Volumes of their own for the erasure ledger and for WAL on its way take their owner from here.
RUN install -d -o gatte -g gatte -m 0700 /ledger /spool \
    && python -m compileall -q gatte deployment \
    && python -m gatte.intelligence.build /var/lib/gatte/models \
    && chmod -R a+rX /var/lib/gatte
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/health/live', timeout=4)"]
CMD ["gunicorn", "wsgi:app"]
