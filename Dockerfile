# syntax=docker/dockerfile:1
# Stage 1 builds the wheel and installs it with its dependencies; stage 2 carries only the result.
FROM python:3.12-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /src
RUN python -m venv /opt/cds-service
COPY pyproject.toml README.md LICENSE NOTICE ./
COPY cds_service ./cds_service
COPY cards ./cards
# Compiled here, because the final file system may be mounted read-only. pip itself is not needed to run.
RUN /opt/cds-service/bin/pip install '.[postgres]' \
 && /opt/cds-service/bin/python -m compileall -q /opt/cds-service/lib \
 && /opt/cds-service/bin/pip uninstall --yes pip

FROM python:3.12-slim
LABEL org.opencontainers.image.title="cds-service" \
      org.opencontainers.image.description="CDS Hooks: bone health in people with limb deficiency" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN groupadd --system --gid 10001 cds \
 && useradd --system --uid 10001 --gid cds --home-dir /data --no-create-home --shell /usr/sbin/nologin cds \
 && install --directory --owner=cds --group=cds --mode=0750 /data
COPY --from=build /opt/cds-service /opt/cds-service
ENV PATH=/opt/cds-service/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
# The only place the service writes to; run with --read-only --tmpfs /tmp.
VOLUME ["/data"]
WORKDIR /data
# By number, so that an orchestrator can see that it is not root.
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
# The standard library asks: the image holds no curl.
HEALTHCHECK --interval=15s --timeout=3s --start-period=20s --retries=3 \
  CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/health/live', timeout=2)"]
CMD ["cds-service", "serve", "--host", "0.0.0.0"]
