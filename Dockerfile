# The program with the mock server, small and without root:
#
#   docker build -t partner-api .
#   docker run --rm -p 127.0.0.1:4010:4010 -e PARTNER_API_MOCK_TOKEN=a-token partner-api
#
# In a container it listens on more than loopback, so its control API needs a token; see docs/container.md.

FROM rust:1-alpine AS build
# aws-lc includes <linux/random.h>.
RUN apk add --no-cache linux-headers
WORKDIR /build
# All members of the workspace, since cargo reads the manifest of each; only the program is built.
COPY Cargo.toml Cargo.lock ./
COPY .cargo .cargo
COPY client client
COPY mock-server mock-server
COPY cli cli
COPY examples examples
COPY tests tests
COPY fuzz fuzz
RUN cargo build --locked --release --package partner-api-cli --bin partner-api

FROM alpine:3
COPY --from=build /build/target/release/partner-api /usr/local/bin/partner-api
COPY LICENSE-APACHE LICENSE-MIT /usr/share/doc/partner-api/
# An unprivileged user: the program needs no name, no home and no files of that user.
USER 65534:65534
EXPOSE 4010
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s --retries=3 \
    CMD ["partner-api", "mock", "health"]
ENTRYPOINT ["partner-api"]
CMD ["mock", "--listen", "0.0.0.0:4010"]
