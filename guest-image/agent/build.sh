#!/bin/sh
# Builds the agent, the `docker` stub and the containers' init: static i386 programs against musl. Writes
# guest-image/prebuilt/{agent,docker,init} and
# agent.sources there, the hashes of what they were built from. Needs gcc-multilib and musl-dev:i386
# (dpkg --add-architecture i386; apt-get update; apt-get install gcc-multilib musl-dev:i386).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
prebuilt=$here/../prebuilt
musl=/usr/lib/i386-linux-musl
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The kernel's headers, without the C library that they lie beside.
mkdir "$work/include"
for name in linux asm-generic mtd; do ln -s "/usr/include/$name" "$work/include/$name"; done
ln -s "/usr/include/$(gcc -print-multiarch)/asm" "$work/include/asm"

flags="-m32 -march=i686 -std=gnu17 -Os -Wall -Wextra -Werror -D_GNU_SOURCE
 -fno-pie -no-pie -static -nostdinc -fno-stack-protector -fno-asynchronous-unwind-tables -ffunction-sections -fdata-sections
 -fno-ident -ffile-prefix-map=$here=. -isystem $(gcc -m32 -print-file-name=include) -isystem /usr/include/i386-linux-musl -isystem $work/include"
link="-nostdlib -Wl,--gc-sections -Wl,-z,noseparate-code -Wl,--build-id=none -s"
libgcc=$(gcc -m32 -print-libgcc-file-name)

compile() {
  output=$1
  shift
  # shellcheck disable=SC2086
  gcc $flags $link -o "$output" "$musl/crt1.o" "$musl/crti.o" "$@" "$musl/libc.a" "$libgcc" "$musl/crtn.o"
}

cd "$here"
agent="calls.c channel.c devices.c loop.c machine.c main.c memory.c namespaces.c netlink.c ops.c process.c requests.c
 sockets.c start-frame.c start.c streams.c tree.c user.c watch.c wire.c"
# shellcheck disable=SC2086
compile "$prebuilt/agent" $agent
compile "$prebuilt/docker" docker.c
compile "$prebuilt/init" init.c
# shellcheck disable=SC2086
sha256sum $agent docker.c init.c agent.h calls.h start.h protocol.def build.sh > "$prebuilt/agent.sources"
ls -l "$prebuilt/agent" "$prebuilt/docker" "$prebuilt/init"
