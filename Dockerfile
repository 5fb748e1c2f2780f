# An image whose command is `ser`: docker build --tag ser-etl . && docker run --rm --volume "$PWD:/work" ser-etl --help
FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
RUN cargo install --path . --locked --root /programs

# The C library of the same Debian, certificates for S3, a user who is not root, and no shell.
FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /programs/bin /usr/local/bin/
COPY pipelines /usr/local/share/ser-etl/pipelines
WORKDIR /work
ENTRYPOINT ["/usr/local/bin/ser"]
