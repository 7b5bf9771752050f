#!/bin/bash
# Builds guest-image/prebuilt/{floor,nop}, the programs by which the benchmark measures the guest's bare costs. Needs Debian, gcc-multilib and musl-dev:i386.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=$here/../prebuilt
musl=/usr/lib/i386-linux-musl
cc=(gcc -m32 -std=gnu17 -Os -Wall -Wextra -Werror -static -fno-pie -no-pie -fno-asynchronous-unwind-tables -Wl,--build-id=none)
"${cc[@]}" -nostdinc -isystem /usr/include/i386-linux-musl -isystem "$(gcc -m32 -print-file-name=include)" -nostdlib \
  "$musl/crt1.o" "$musl/crti.o" "$here/floor.c" -L"$musl" -lc "$(gcc -m32 -print-libgcc-file-name)" "$musl/crtn.o" -o "$out/floor"
"${cc[@]}" -nostdlib "$here/nop.c" -o "$out/nop"
strip -s "$out/floor" "$out/nop"
(cd "$here" && sha256sum floor.c nop.c build.sh) | tee "$out/floor.recipe" >"$out/nop.recipe"
ls -l "$out/floor" "$out/nop"
