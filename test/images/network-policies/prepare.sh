#!/bin/bash
# prepare.sh CONTEXT: the enforcer, and a Debian with the programs that it runs (iptables, ipset). $DEBIAN.
set -euo pipefail
cp "$DEBIAN" "$1/debian.tar"
cd "$1"
CGO_ENABLED=0 go build -mod=readonly -trimpath -buildvcs=false -ldflags='-s -w' -o enforce .
rm -f ./*.go go.mod go.sum
