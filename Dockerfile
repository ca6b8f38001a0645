# Builds and runs the daemon. Works with and without BuildKit.
# Elsewhere than on Docker Hub: --build-arg RUST_IMAGE=… --build-arg RUNTIME_IMAGE=… (the same Debian release in both).
ARG RUST_IMAGE=rust:1.95-bookworm
ARG RUNTIME_IMAGE=debian:bookworm-slim

# The manifests, and an empty file for each target that cargo finds by its place. This stage runs anew with every change, but what it
# leaves is the same until a manifest, the lock file or the list of targets changes, and so the dependencies below stay as they are.
FROM ${RUST_IMAGE} AS manifests
WORKDIR /manifests
COPY . .
RUN find . -regextype posix-extended -type f ! -regex \
        '.*/(Cargo\.(toml|lock)|build\.rs|src/(lib|main)\.rs|(src/bin|benches|tests|examples)/[^/]+(/main)?\.rs)' -delete \
    && find . -type f -name '*.rs' -exec sh -c 'for target; do echo "fn main() { }" > "$target"; done' sh {} + \
    && find . -type d -empty -delete

FROM ${RUST_IMAGE} AS build
# What is in the program is written into it, for scanners: `cargo audit bin convene`, trivy, grype and syft read it.
RUN cargo install --locked --quiet --version 0.7.7 cargo-auditable
WORKDIR /build
COPY --from=manifests /manifests .
RUN cargo auditable build --release --locked --bin convene
COPY . .
# Cargo goes by the time of the last change, and the copied files are older than the empty ones were.
RUN find . -path ./target -prune -o -type f -name '*.rs' -exec touch {} + \
    && cargo auditable build --release --locked --bin convene

FROM ${RUNTIME_IMAGE}
ARG RUNTIME_IMAGE
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="convene" \
      org.opencontainers.image.description="Keeps a Postgres warehouse in step with contact-centre vendors, and proves up to when each table is complete" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.base.name="${RUNTIME_IMAGE}"
WORKDIR /app
# Without root certificates no vendor could be trusted; the HTTP client would refuse to start.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY config config
COPY --from=build /build/target/release/convene /usr/local/bin/convene
# In a container nobody but itself could reach the usual address; what is published, and where, is said outside.
ENV CONVENE__SERVER__LISTEN=0.0.0.0:9464
EXPOSE 9464
# By number, so that an orchestrator can see that it is not root; nothing of the image belongs to it.
USER 10001:10001
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["convene", "health"]
ENTRYPOINT ["convene"]
CMD ["run"]
