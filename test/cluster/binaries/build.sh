#!/usr/bin/env bash
# build.sh DIRECTORY: Kubernetes, etcd (one program, k8sbox) and helm, built from Go modules. go.mod and go.sum pin the versions.
# Takes about eight minutes on two cores, once: the callers keep DIRECTORY under a name that is a hash of this folder.
set -euo pipefail
mkdir -p "$1"
out=$(realpath "$1")
cd "$(dirname "$0")"
kubernetes=$(awk '$1 == "k8s.io/kubernetes" { print $2; exit }' go.mod)
helm=v3.19.5
export CGO_ENABLED=0 GOTOOLCHAIN=local GOFLAGS='-buildvcs=false -trimpath -p=2'

# Components report the version that is stamped into them; kubeadm and clients refuse a server without one.
stamp='-s -w'
IFS=. read -r major minor _ <<<"${kubernetes#v}"
for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
  stamp+=" -X $package.gitVersion=$kubernetes -X $package.gitMajor=$major -X $package.gitMinor=$minor"
  stamp+=" -X $package.gitTreeState=clean -X $package.buildDate=2026-01-01T00:00:00Z"
done

quietly() { "$@" 2> >(grep -v 'go: downloading' >&2); }
build() { # NAME COMMAND...: unless it is there already
  local name=$1 began=$SECONDS
  shift
  [ ! -x "$out/$name" ] || return 0
  echo "building $name"
  quietly "$@"
  echo "built $name in $((SECONDS - began)) s"
}

build k8sbox go build -mod=readonly -ldflags "$stamp" -o "$out/k8sbox.part" . && { [ ! -e "$out/k8sbox.part" ] || mv "$out/k8sbox.part" "$out/k8sbox"; }
for name in kube-apiserver kube-controller-manager kube-scheduler kube-proxy kubelet kubectl kubeadm etcd; do ln -sf k8sbox "$out/$name"; done
# What `helm template` takes the cluster for, unless it is told.
capabilities="-X helm.sh/helm/v3/pkg/chartutil.k8sVersionMajor=$major -X helm.sh/helm/v3/pkg/chartutil.k8sVersionMinor=$minor"
build helm env GOBIN="$out" go install -ldflags "-s -w $capabilities" "helm.sh/helm/v3/cmd/helm@$helm"
