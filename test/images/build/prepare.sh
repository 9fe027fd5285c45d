#!/bin/bash
# prepare.sh CONTEXT: Debian, Node, npm, and npm's cache with every package that `npm ci --omit=dev` needs. $DEBIAN, $NODE, $NPM (name@version),
# $CHECKOUT.
set -euo pipefail
cp "$DEBIAN" "$1/debian.tar"
mkdir -p "$1/node/bin" "$1/node/lib/node_modules" "$1/npm-cache" "$1/checkout"
cp "$NODE" "$1/node/bin/node"
cp "$CHECKOUT/package.json" "$CHECKOUT/package-lock.json" "$1/checkout/"
cd "$1/checkout"
npm ci --omit=dev --ignore-scripts --no-audit --no-fund --cache "$1/npm-cache"
tarball=$(npm pack "$NPM" --silent)
mkdir npm && tar -C npm -xf "$tarball"
mv npm/package "$1/node/lib/node_modules/npm"
ln -s ../lib/node_modules/npm/bin/npm-cli.js "$1/node/bin/npm"
chmod 755 "$1/node/lib/node_modules/npm/bin/npm-cli.js"
rm -rf "$1/checkout" "$1/npm-cache/_logs"
