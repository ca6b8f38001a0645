# Builds and runs the daemon. Works with and without BuildKit.
# Elsewhere than on Docker Hub: --build-arg RUST_IMAGE=… --build-arg RUNTIME_IMAGE=… (the same Debian release in both).
ARG RUST_IMAGE=rust:1.95-bookworm
ARG RUNTIME_IMAGE=debian:bookworm-slim

FROM ${RUST_IMAGE} AS build
WORKDIR /build
# The dependencies first, with empty programs of ours, so that this layer lasts until the lock file changes.
# Cargo wants to see every target that Cargo.toml names, the test and the benchmark included.
COPY Cargo.toml Cargo.lock ./
RUN mkdir -p src tests/it benches \
    && touch src/lib.rs \
    && for target in src/main.rs tests/it/main.rs benches/load.rs; do echo 'fn main() {}' > "$target"; done \
    && cargo build --release --locked --bin convene
# The migrations and the settings' defaults become part of the binary.
COPY migrations migrations
COPY config config
COPY src src
# Cargo goes by the time of the last change, and the copied files are older than the empty ones were.
RUN touch src/lib.rs src/main.rs && cargo build --release --locked --bin convene

FROM ${RUNTIME_IMAGE}
# Without ca-certificates no vendor could be trusted; the HTTP client would refuse to start.
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin convene
WORKDIR /app
# Memory goes back to the system at once: a third less at the peak of a large load, for a little more work.
ENV MIMALLOC_PURGE_DELAY=0
COPY config/default.toml config/default.toml
COPY --from=build /build/target/release/convene /usr/local/bin/convene
# By number, so that an orchestrator can see that it is not root.
USER 10001
STOPSIGNAL SIGTERM
ENTRYPOINT ["convene"]
CMD ["run"]
