#!/bin/sh
# Builds the peers that Debian does not have, each at a fixed version, through the Go module proxy, hauler from its repository:
# test/bench/peers/build-peers.sh DIR, then PATH="$PATH:DIR" npm run bench. Needs Go 1.26 or newer; hauler takes half an hour.
set -eu
mkdir -p "$1"
GOBIN=$(cd "$1" && pwd)
export GOBIN CGO_ENABLED=0 GOFLAGS=-mod=mod

go install github.com/google/go-containerregistry/cmd/crane@v0.22.1
go install oras.land/oras/cmd/oras@v1.3.6

# `go install` takes no module that replaces others, or has a vendor directory that lacks some: it is built where it lies.
build_copy() { # DIRECTORY PACKAGE NAME
  copy=$(mktemp -d)
  cp -r "$1/." "$copy"
  chmod -R u+w "$copy"
  rm -rf "$copy/vendor"
  (cd "$copy" && go build -o "$GOBIN/$3" "$2")
  rm -rf "$copy"
}
imgpkg=$(go mod download -json carvel.dev/imgpkg@v0.46.1 | sed -n 's/^[[:space:]]*"Dir": "\(.*\)",*$/\1/p')
build_copy "$imgpkg" ./cmd/imgpkg imgpkg

# The proxy does not have hauler's second version.
hauler=$(mktemp -d)
git clone --quiet --depth 1 --branch v2.0.3 https://github.com/hauler-dev/hauler "$hauler"
build_copy "$hauler" ./cmd/hauler hauler
rm -rf "$hauler"
