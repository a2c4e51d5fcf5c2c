#!/bin/sh
# Builds and runs the quickstart: run.sh <nexa.jar> [<folder of the native library>]
#
# The jar is what bindings/kotlin/build.sh makes; the folder is needed when no native library was packed into it. Needs a
# JDK 17 and kotlinc 2 (or KOTLINC), and in CLASSPATH the jars of JNA, kotlinx-coroutines-core-jvm and kotlin-stdlib.
set -eu
example=$(dirname "$0")
nexa=$1
native=${2:-}

made=$(mktemp -d)
trap 'rm -r "$made"' EXIT
"${KOTLINC:-kotlinc}" -jvm-target 17 -cp "$nexa:$CLASSPATH" -d "$made/quickstart.jar" "$example"/*.kt
java ${native:+"-Djna.library.path=$native"} -cp "$made/quickstart.jar:$nexa:$CLASSPATH" QuickstartKt
