import { type ImageRecipe, PATH } from "../recipe.ts";
import { debianLayer } from "./debian.ts";

/** Debian's Python under the names that people use: `python` and `pip`, the latter free to install into the image. */
export const python: ImageRecipe = {
  name: "python",
  tags: [
    "latest",
    "slim",
    "bookworm",
    "slim-bookworm",
    ...["3", "3.11", "3.11.2"].flatMap((version) => [version, `${version}-slim`, `${version}-bookworm`]),
  ],
  description: "Python is an interpreted, interactive, object-oriented, open-source programming language.",
  layers: [
    debianLayer,
    {
      id: "python",
      packages: ["python3", "python3-pip", "python3-venv", "libpq5"],
      dpkg: true,
      bytecode: true,
      prefetch: [
        "usr/bin/python3",
        "lib/i386-linux-gnu/libm.so.6",
        "lib/i386-linux-gnu/libz.so.1",
        "lib/i386-linux-gnu/libexpat.so.1",
        "usr/lib/python3.11/encodings/__init__.py",
        "usr/lib/python3.11/encodings/aliases.py",
        "usr/lib/python3.11/encodings/utf_8.py",
        "usr/lib/python3.11/sitecustomize.py",
      ],
      effects: {
        // pip would compile what it installs; that takes longer here than all the rest, and most wheels of the catalogue bring bytecode.
        files: [{ path: "etc/pip.conf", text: "[install]\ncompile = false\n" }],
        links: {
          "usr/local/bin/python": "/usr/bin/python3",
          "usr/local/bin/python3": "/usr/bin/python3",
          "usr/local/bin/pip": "/usr/bin/pip3",
          "usr/local/bin/pip3": "/usr/bin/pip3",
        },
        // PEP 668 keeps pip out of a distribution's Python; in an image of Python's own it would only be in the way.
        remove: ["usr/lib/python3.11/EXTERNALLY-MANAGED"],
      },
    },
  ],
  config: { Env: [PATH, "LANG=C.UTF-8", "PYTHON_VERSION=3.11.2"], Cmd: ["python3"] },
};
