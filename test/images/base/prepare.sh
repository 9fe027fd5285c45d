#!/bin/bash
# prepare.sh CONTEXT: the root of an image as distroless has it: Node, its libraries, certificates, users. $DEBIAN: tar of a Debian; $NODE.
set -euo pipefail
root=$1/root debian=$1/debian
mkdir -p "$debian" "$root"/{nodejs/bin,etc/ssl/certs,usr/lib,usr/share,home/nonroot,root,run,var,proc,sys,dev,tmp}
tar -C "$debian" -xf "$DEBIAN"
cp "$NODE" "$debian/node"
for library in $(chroot "$debian" ldd /node | grep -oE '/[^ ]+\.so[^ ]*'); do
  mkdir -p "$root$(dirname "$library")"
  cp -L "$debian$library" "$root$library"
done
mv "$debian/node" "$root/nodejs/bin/node"
cp "$debian/etc/ssl/certs/ca-certificates.crt" "$root/etc/ssl/certs/"
cp "$debian/usr/lib/os-release" "$root/usr/lib/" && ln -s ../usr/lib/os-release "$root/etc/os-release"
cp -r "$debian/usr/share/zoneinfo" "$root/usr/share/"
printf '%s\n' 'root:x:0:0:root:/root:/sbin/nologin' 'nobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin' \
  'nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin' >"$root/etc/passwd"
printf '%s\n' 'root:x:0:' 'tty:x:5:' 'nobody:x:65534:' 'nonroot:x:65532:' >"$root/etc/group"
echo 'hosts: files dns' >"$root/etc/nsswitch.conf"
chmod 1777 "$root/tmp"
chown 65532:65532 "$root/home/nonroot"
tar -C "$root" --sort=name --numeric-owner -cf "$1/root.tar" .
rm -rf "$root" "$debian"
