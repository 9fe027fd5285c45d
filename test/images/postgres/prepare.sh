#!/bin/bash
# prepare.sh CONTEXT: PostgreSQL 18 as npm has it, on a Debian with psql. $DEBIAN, $POSTGRES: directory with bin, lib and share.
set -euo pipefail
cp "$DEBIAN" "$1/debian.tar"
mkdir "$1/postgres"
cp -a "$POSTGRES/bin" "$POSTGRES/lib" "$POSTGRES/share" "$1/postgres/"
rm -f "$1"/postgres/lib/*.a
