# One image, two commands: `docker run … handrail bot` and `docker run … handrail worker`. They share no credential:
# give the bot the Slack tokens and the worker what its tools need. handrail.yaml is mounted at /etc/handrail/.
FROM python:3.11-slim AS build
RUN python -m venv /opt/handrail
ENV PATH=/opt/handrail/bin:$PATH PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
# Every file is known by its hash, the tools that build ours included.
COPY requirements.txt requirements-build.txt ./
RUN python -m venv /opt/build \
 && /opt/build/bin/pip install --require-hashes -r requirements-build.txt \
 && pip install --require-hashes -r requirements.txt
COPY pyproject.toml README.md LICENSE ./
COPY handrail handrail
COPY bot bot
COPY activities activities
COPY sandbox sandbox
COPY workflows workflows
# The embedded Temporal is for laptops (150 MB); a bot in a container has a real one.
RUN /opt/build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /tmp . \
 && pip install --no-deps /tmp/handrail-*.whl \
 && rm /opt/handrail/bin/temporal

FROM python:3.11-slim
RUN useradd --uid 10001 --create-home handrail
COPY --from=build /opt/handrail /opt/handrail
ENV PATH=/opt/handrail/bin:$PATH PYTHONUNBUFFERED=1 \
    HANDRAIL_CONFIG=/etc/handrail/handrail.yaml HANDRAIL_HOME=/home/handrail/state
COPY handrail.yaml /etc/handrail/handrail.yaml
USER 10001
WORKDIR /home/handrail
ENTRYPOINT ["handrail"]
CMD ["--help"]
