#!/usr/bin/env bash
# build.sh WORK PROGRAMS TOOLS TAG VERSION: a node image for kind, into the Docker engine of $DOCKER_HOST. PROGRAMS has k8sbox, TOOLS coredns and pause.
set -euo pipefail
recipe=$(realpath "$(dirname "$0")")
work=$1 programs=$2 tools=$3 tag=$4 version=$5
export DOCKER_BUILDKIT=0 # the client may have no buildx
root=$work/root parts=$work/components context=$work/context

# Debian, from where this machine's apt has it.
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -v -m1 security)
packages=containerd,runc,containernetworking-plugins,iptables,nftables,conntrack,iproute2,mount,procps,kmod,socat,ethtool,ca-certificates
debootstrap --variant=minbase --include="$packages" bookworm "$root" "$mirror" >"$work/debootstrap.log" 2>&1 || { tail -5 "$work/debootstrap.log" >&2; exit 1; }
rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/* "$root"/usr/share/{doc,man,locale}
tar -C "$root" -c --exclude='./dev/*' . | docker import - localhost/sluice-node-root:1 >/dev/null

# The images of kube-system. kube-proxy needs nft and conntrack with their libraries; there is no shell in them.
mkdir -p "$parts"/{usr/local/bin,usr/sbin,tmp,etc,run,var,lib,lib64}
chmod 1777 "$parts/tmp"
cp "$programs/k8sbox" "$parts/usr/local/bin/"
for name in kube-apiserver kube-controller-manager kube-scheduler kube-proxy etcd; do ln -s k8sbox "$parts/usr/local/bin/$name"; done
cp "$tools/coredns" "$tools/pause" "$parts/"
echo 'root:x:0:0:root:/root:/sbin/nologin' >"$parts/etc/passwd"
for program in /usr/sbin/nft /usr/sbin/xtables-nft-multi /usr/sbin/conntrack; do
  cp "$root$program" "$parts/usr/sbin/"
  for library in $(chroot "$root" ldd "$program" | grep -oE '/[^ ]+\.so[^ ]*'); do
    mkdir -p "$parts$(dirname "$library")"
    cp -L "$root$library" "$parts$library"
  done
done
extensions=usr/lib/$(uname -m)-linux-gnu/xtables
mkdir -p "$parts/$extensions"
cp "$root/$extensions"/*.so "$parts/$extensions/"
for name in iptables iptables-save iptables-restore ip6tables ip6tables-save ip6tables-restore; do ln -s xtables-nft-multi "$parts/usr/sbin/$name"; done

# By the names that kubeadm of this version asks for.
registry=registry.k8s.io images=()
build() { docker build --quiet "$@" 2>&1 >/dev/null | { grep -vE 'legacy builder|buildx|BuildKit|environment-variable|^ *$' >&2 || true; }; }
image() { images+=("$registry/$2"); build --file "$recipe/components.Dockerfile" --target "$1" --tag "$registry/$2" "$parts"; }
for name in kube-apiserver kube-controller-manager kube-scheduler kube-proxy; do image components "$name:$version"; done
image components etcd:3.6.5-0
image coredns coredns/coredns:v1.12.1
image pause pause:3.10.1

mkdir -p "$context"
cp "$recipe"/{Dockerfile,entrypoint,crictl,config.toml,default-storage.yaml} "$programs/k8sbox" "$context/"
docker save -o "$context/components.tar" "${images[@]}"
build --build-arg "KUBERNETES=$version" --tag "$tag" "$context"
docker rmi "${images[@]}" >/dev/null
