FROM rust:1.95-bookworm AS build
WORKDIR /src
# The toolchain of the image, although rust-toolchain.toml also names tools that only development needs.
ENV RUSTUP_TOOLCHAIN=1.95.0 SQLX_OFFLINE=true
COPY . .
RUN cargo build --release --locked

FROM debian:bookworm-slim
# Certificates for the calls to providers, curl for health checks.
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates curl \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /var/lib/linkspan --create-home linkspan
COPY --from=build /src/target/release/linkspan /usr/local/bin/linkspan
USER linkspan
WORKDIR /var/lib/linkspan
ENV LINKSPAN_DATA_DIR=/var/lib/linkspan LINKSPAN_BIND=0.0.0.0:8080
EXPOSE 8080
ENTRYPOINT ["linkspan"]
