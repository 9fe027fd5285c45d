#!/bin/bash
# prepare.sh CONTEXT: the applications themselves, compiled where their language is. $AGENTS: their sources; $JDBC.
set -euo pipefail
mkdir "$1/agents"
cd "$AGENTS"
for language in python node java; do
  [ ! -d $language ] || cp -r $language "$1/agents/"
done
mkdir "$1/agents/go"
(cd go && CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags='-s -w' -o "$1/agents/go/" ./...)
[ ! -d java ] || javac --release 17 -classpath "$JDBC" -d "$1/agents/java" $(find java -name '*.java')
