#!/usr/bin/env bash
# build.sh DIRECTORY: what a cluster needs beside Kubernetes itself: CoreDNS, the pause container and kind, built from Go modules.
# About two minutes on two cores, once: the caller keeps DIRECTORY under a name that is a hash of this folder.
set -euo pipefail
mkdir -p "$1"
out=$(realpath "$1")
cd "$(dirname "$0")"
kind=v0.30.0
export CGO_ENABLED=0 GOTOOLCHAIN=local GOFLAGS='-buildvcs=false -trimpath -p=2'

build() { # NAME COMMAND...: into a directory of its own first, so that what stands in DIRECTORY is whole
  local name=$1 began=$SECONDS part
  shift
  [ ! -x "$out/$name" ] || return 0
  echo "building $name"
  part=$(mktemp -d "$out/.$name.XXXXXX")
  GOBIN=$part "$@" 2> >(grep -v 'go: downloading' >&2)
  mv "$part/$name" "$out/$name"
  rmdir "$part"
  echo "built $name in $((SECONDS - began)) s"
}

build coredns go -C coredns install -mod=readonly -ldflags '-s -w' .
build pause go -C pause install -mod=readonly -ldflags '-s -w' .
build kind go install -ldflags '-s -w' "sigs.k8s.io/kind@$kind"
