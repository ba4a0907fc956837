# Two stages: build a static binary, then nothing but it, the CA store, a user and an
# empty folder for the data. The last one has no shell and no package manager.
#
# Named by tags, which can move: give what you verified, by digest, with --build-arg
# (see the README).
ARG BUILD=golang:1.26.8-bookworm
ARG BASE=gcr.io/distroless/static-debian12:nonroot

FROM ${BUILD} AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags='-s -w' -o /out/pli ./cmd/pli \
 && mkdir -m 0700 /out/data

FROM ${BASE}
COPY --from=build /out/pli /usr/bin/pli
COPY --from=build --chown=nonroot:nonroot /out/data /var/lib/pli
# Within a container the pages must be reachable from outside of it; TLS is the proxy's
# work. Secrets are files: mount them, name them by PLI_…_FILE.
ENV PLI_LISTEN=0.0.0.0:8080 \
    PLI_DATABASE=/var/lib/pli/pli.db
VOLUME /var/lib/pli
EXPOSE 8080
USER nonroot:nonroot
# SIGTERM, docker stop's own, drains: a stop takes 36 s and PLI_STOP_WAIT at most (docker stop -t 55).
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s --retries=3 CMD ["/usr/bin/pli", "healthy"]
ENTRYPOINT ["/usr/bin/pli"]
CMD ["serve"]
