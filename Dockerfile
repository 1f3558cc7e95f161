# azmlscan as a container: docs/recipes.md says how to run it.
FROM python:3.13.7-slim-bookworm AS build
WORKDIR /source
COPY pyproject.toml requirements-dev.txt README.md LICENSE ./
COPY scanner ./scanner
COPY rules ./rules
RUN python -m venv /opt/azmlscan \
    && /opt/azmlscan/bin/python -m pip install --no-cache-dir --constraint requirements-dev.txt .

FROM python:3.13.7-slim-bookworm
COPY --from=build /opt/azmlscan /opt/azmlscan
COPY docs/recipes/nightly.sh /usr/local/bin/nightly
ENV PATH=/opt/azmlscan/bin:$PATH PYTHONDONTWRITEBYTECODE=1
# No name and no home: nothing of the image belongs to the user that runs in it.
USER 65532:65532
WORKDIR /data
ENTRYPOINT ["azmlscan"]
CMD ["--help"]
