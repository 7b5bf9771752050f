#!/bin/sh
# Builds the hello-world image's program. Any gcc that can make 32-bit code will do: no library is linked.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=$here/../../prebuilt/hello
gcc -m32 -Os -Wall -Wextra -Werror -ffreestanding -fno-pic -fno-asynchronous-unwind-tables -fno-stack-protector -fcf-protection=none \
  -nostdlib -static -no-pie -s -Wl,--build-id=none,-z,noseparate-code,-z,norelro -o "$out" "$here/hello.c"
objcopy --remove-section=.comment "$out"
(cd "$here" && sha256sum hello.c build.sh) > "$out.recipe"
