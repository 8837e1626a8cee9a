# The four images, for registries: docker build --target api-server -t … .
# One file, since they come from one compilation; dev/platform/image makes the same layout
# without an engine. Pin the base by digest where your registry tells you one.
FROM rust:1.95-slim-bookworm AS build
WORKDIR /src
# .cargo/config.toml makes static binaries and reads committed query data: no database, no C library in the image.
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --release --locked --workspace \
      --bin datacrowd-api-server --bin datacrowd-operator --bin datacrowd-runner --bin datacrowd-inference \
    && mkdir /out /symbols \
    && release=target/x86_64-unknown-linux-gnu/release \
    && for program in datacrowd-api-server datacrowd-operator datacrowd-runner datacrowd-inference; do \
         strip -o "/out/$program" "$release/$program" \
         && cp "$release/$program" "$release/$program.dwp" /symbols/ || exit 1; \
       done

# What the images leave out, for debuggers and backtraces: docker build --target symbols --output symbols .
FROM scratch AS symbols
COPY --from=build /symbols/ /

FROM node:20-bookworm-slim AS console
WORKDIR /src
COPY web/package.json web/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY web/ ./
RUN npm run build

FROM debian:bookworm-slim AS root
# The AWS client panics at start where it finds no CA bundle.
# hadolint ignore=DL3008
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/*
RUN install -d -m 0755 /image/etc/ssl/certs \
    && install -d -m 1777 /image/tmp \
    && install -m 0644 /etc/ssl/certs/ca-certificates.crt /image/etc/ssl/certs/ \
    && echo 'nonroot:x:65532:65532:nonroot:/:/' >/image/etc/passwd \
    && echo 'nonroot:x:65532:' >/image/etc/group

FROM scratch AS base
ARG VERSION=dev
ARG REVISION=unknown
LABEL org.opencontainers.image.title="DataCrowd Lab" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=root /image/ /
USER 65532:65532
WORKDIR /

FROM base AS operator
COPY --from=build /out/datacrowd-operator /datacrowd-operator
ENTRYPOINT ["/datacrowd-operator"]

FROM base AS runner
COPY --from=build /out/datacrowd-runner /datacrowd-runner
ENTRYPOINT ["/datacrowd-runner"]

FROM base AS inference
COPY --from=build /out/datacrowd-inference /datacrowd-inference
ENTRYPOINT ["/datacrowd-inference"]

FROM base AS api-server
COPY --from=build /out/datacrowd-api-server /datacrowd-api-server
COPY --from=console /src/dist /console
ENV DATACROWD_CONSOLE_DIR=/console
EXPOSE 8080 8081
ENTRYPOINT ["/datacrowd-api-server"]
