# Two stages: build a static binary, then nothing but it, the CA store and a user.
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags='-s -w' -o /out/pli ./cmd/pli \
 && mkdir -p /out/data

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /out/pli /usr/bin/pli
COPY --from=build --chown=nonroot:nonroot /out/data /var/lib/pli
VOLUME /var/lib/pli
EXPOSE 8080
USER nonroot:nonroot
ENTRYPOINT ["/usr/bin/pli"]
CMD ["serve"]
