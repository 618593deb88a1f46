# syntax=docker/dockerfile:1
# The one image of all roles: `docker build --file deploy/images/worker.Dockerfile .`
# Its libraries are those of requirements.lock, hash by hash; it runs as nobody in particular.

FROM python:3.11.14-slim-trixie AS build
ENV PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /build
RUN python -m venv /opt/shouwen
COPY requirements.lock ./
RUN /opt/shouwen/bin/python -m pip install --require-hashes --requirement requirements.lock
COPY . .
RUN /opt/shouwen/bin/python -m pip install --no-deps --no-build-isolation .

FROM python:3.11.14-slim-trixie
RUN useradd --system --uid 10001 --no-create-home --home-dir /nonexistent shouwen
COPY --from=build /opt/shouwen /opt/shouwen
# Compiled functions are kept in memory-backed /tmp: the rest of the file system is read-only.
ENV PATH=/opt/shouwen/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    NUMBA_CACHE_DIR=/tmp/numba \
    SHOUWEN_DATA_DIR=/tmp/shouwen
USER 10001:10001
WORKDIR /tmp
ENTRYPOINT ["shouwen"]
CMD ["--help"]
