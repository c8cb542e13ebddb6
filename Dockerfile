# One image for the server and for a worker of its own:
#   docker build -t zhaoshang .
#   docker run -p 8000:8000 -v zhaoshang:/data zhaoshang                      the server
#   docker run --no-healthcheck -e DATABASE_URL=… zhaoshang zhaoshang worker  scheduled jobs apart from it
# Where no index can be reached, run `make wheels` first on a machine that has the same Python, then build
# with --build-arg PIP_NO_INDEX=1.

FROM python:3.13-slim AS build
ARG PIP_NO_INDEX
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_FIND_LINKS=/wheels
WORKDIR /srv/zhaoshang
# The second pattern is empty unless `make wheels` was run.
COPY requirements.lock wheels* /wheels/
RUN python -m venv /opt/venv \
    && /opt/venv/bin/pip install --quiet --require-hashes -r /wheels/requirements.lock
COPY . .
RUN rm -rf wheels \
    && /opt/venv/bin/pip install --quiet --no-deps --no-build-isolation --no-index --editable . \
    && /opt/venv/bin/python -m compileall -q app \
    && /opt/venv/bin/pip uninstall --quiet --yes setuptools pip

FROM python:3.13-slim
# PDF asks for a Chinese font: --build-arg FONTS=fonts-noto-cjk, or a folder of your own mounted as FONT_DIR.
ARG FONTS=""
RUN if [ -n "$FONTS" ]; then apt-get update -qq && apt-get install -y -qq --no-install-recommends $FONTS \
    && rm -rf /var/lib/apt/lists/*; fi
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HOST=0.0.0.0 \
    PORT=8000 \
    DATA_DIR=/data
RUN useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin zhaoshang \
    && install -d -o zhaoshang -g zhaoshang -m 0700 /data
COPY --from=build /opt/venv /opt/venv
COPY --from=build /srv/zhaoshang /srv/zhaoshang
WORKDIR /srv/zhaoshang
USER zhaoshang
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=4 \
    CMD ["python", "-c", "import http.client as h, os; c = h.HTTPConnection('127.0.0.1', int(os.environ['PORT']), timeout=4); c.request('GET', '/healthz'); assert c.getresponse().status == 200"]
CMD ["zhaoshang", "serve"]
