# azmlscan as a container: docs/recipes.md says how to run it.
FROM python:3.13.15-slim-trixie AS build
WORKDIR /source
COPY pyproject.toml requirements-dev.txt README.md LICENSE ./
COPY scanner ./scanner
COPY rules ./rules
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore \
    PIP_CONSTRAINT=requirements-dev.txt
# The wheel is built with a pinned builder too, which stays in this stage, as does pip.
RUN python -m pip install hatchling \
    && python -m pip wheel --no-deps --no-build-isolation --wheel-dir /wheels . \
    && python -m venv --without-pip /opt/azmlscan \
    && python -m pip --python /opt/azmlscan/bin/python install /wheels/*.whl

FROM python:3.13.15-slim-trixie
COPY --from=build /opt/azmlscan /opt/azmlscan
COPY docs/recipes/nightly.sh /usr/local/bin/nightly
ENV PATH=/opt/azmlscan/bin:$PATH PYTHONDONTWRITEBYTECODE=1
# No name and no home: nothing of the image belongs to the user that runs in it.
USER 65532:65532
WORKDIR /data
ENTRYPOINT ["azmlscan"]
CMD ["--help"]
