# Builds and runs the daemon. Works with and without BuildKit.
# Elsewhere than on Docker Hub: --build-arg RUST_IMAGE=… --build-arg RUNTIME_IMAGE=… (the same Debian release in both).
ARG RUST_IMAGE=rust:1.95-bookworm
ARG RUNTIME_IMAGE=debian:bookworm-slim

FROM ${RUST_IMAGE} AS build
WORKDIR /build
# The dependencies first, with empty crates of ours, so that this layer lasts until a manifest or the lock file changes.
# Targets that a manifest names besides are left out of it here: only the program is built.
COPY Cargo.toml Cargo.lock ./
COPY crates/connectors/Cargo.toml crates/connectors/Cargo.toml
COPY crates/embedded/Cargo.toml crates/embedded/Cargo.toml
COPY crates/sandbox/Cargo.toml crates/sandbox/Cargo.toml
RUN sed -i '/^\[\[/,/^$/d' Cargo.toml \
    && for crate in . crates/*; do mkdir -p "$crate/src" && touch "$crate/src/lib.rs"; done \
    && echo 'fn main() {}' > src/main.rs \
    && cargo build --release --locked --bin convene
# The migrations and the settings' defaults become part of the program.
COPY Cargo.toml ./
COPY build.rs ./
COPY migrations migrations
COPY config config
COPY crates crates
COPY src src
# Cargo goes by the time of the last change, and the copied files are older than the empty ones were.
RUN sed -i '/^\[\[/,/^$/d' Cargo.toml \
    && touch src/lib.rs src/main.rs crates/*/src/lib.rs \
    && cargo build --release --locked --bin convene

FROM ${RUNTIME_IMAGE}
LABEL org.opencontainers.image.title="convene" \
      org.opencontainers.image.description="Keeps a Postgres warehouse in step with contact-centre vendors" \
      org.opencontainers.image.licenses="Apache-2.0"
WORKDIR /app
# Without root certificates no vendor could be trusted; the HTTP client would refuse to start.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY config/default.toml config/default.toml
COPY --from=build /build/target/release/convene /usr/local/bin/convene
# Memory goes back to the system at once: a third less at the peak of a large load, for a little more work.
ENV MIMALLOC_PURGE_DELAY=0
# By number, so that an orchestrator can see that it is not root; nothing of the image belongs to it.
USER 10001
STOPSIGNAL SIGTERM
ENTRYPOINT ["convene"]
CMD ["run"]
