#!/bin/sh
# Makes the package: build.sh <nexa.jar> [<native library>]
#
# Needs a JDK 17 and kotlinc 2 (or KOTLINC), and in CLASSPATH the jars of JNA and kotlinx-coroutines-core-jvm. A native
# library that is named is packed for this machine, so that a program needs nothing but the jar; otherwise a program
# names its folder: java -Djna.library.path=<folder>.
#
# MOBILE=<folder with what was generated from the library for phones> makes the package over that library.
set -eu
package=$(dirname "$0")
jar=$1
native=${2:-}

if [ -n "${MOBILE:-}" ]; then
    set -- "$MOBILE" "$package/src"
else
    set -- "$package/generated" "$package/src" "$package/control"
fi
"${KOTLINC:-kotlinc}" -nowarn -jvm-target 17 -cp "$CLASSPATH" -d "$jar" "$@"

if [ -n "$native" ]; then
    # The folder in which JNA looks for this machine's.
    case $(uname -s) in
        Darwin) system=darwin ;;
        *) system=linux ;;
    esac
    case $(uname -m) in
        x86_64) folder=$system-x86-64 ;;
        arm64 | aarch64) folder=$system-aarch64 ;;
        *) folder=$system-$(uname -m) ;;
    esac
    packed=$(mktemp -d)
    trap 'rm -r "$packed"' EXIT
    mkdir "$packed/$folder"
    cp "$native" "$packed/$folder/"
    jar --update --file "$jar" -C "$packed" "$folder"
fi
