#!/bin/bash
# prepare.sh CONTEXT: what applications in four languages need: drivers of each, a Java runtime, Node. $DEBIAN (with Python, psql), $NODE,
# versions of the drivers ($PSYCOPG, $PG), the jar of the JDBC driver ($JDBC).
set -euo pipefail
cd "$1"
cp "$DEBIAN" debian.tar
cp "$NODE" node && strip node
# Of Debian's Python: bookworm has 3.11.
python3 -m pip --disable-pip-version-check install --quiet --only-binary=:all: --python-version 3.11 --target python "psycopg[binary,pool]==$PSYCOPG"
mkdir work && cd work
npm install --silent --no-audit --no-fund --no-package-lock --omit=optional "pg@$PG"
mv node_modules ../pg
mkdir ../jdbc && cp "$JDBC" ../jdbc/postgresql.jar
cd .. && rm -rf work
jlink --add-modules java.base,java.sql,java.naming,java.management,java.security.sasl,java.security.jgss,java.net.http,jdk.crypto.ec \
  --strip-debug --no-header-files --no-man-pages --compress=0 --output java
