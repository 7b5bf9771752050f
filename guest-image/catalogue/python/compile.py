"""Compiles Python modules. Standard input: a line "source file, TAB, output file, TAB, name in tracebacks" for each.

The bytecode is marked as "unchecked" (PEP 552): Python takes it without looking at the source, which may still be on a server.
"""

import importlib.util
import sys
from importlib._bootstrap_external import _code_to_hash_pyc

if sys.version_info[:2] != (3, 11):
    sys.exit("Python 3.11 is needed: its bytecode is what Debian 12's Python reads.")

for line in sys.stdin:
    source_path, output, name = line.rstrip("\n").split("\t")
    with open(source_path, "rb") as file:
        source = file.read()
    code = compile(source, name, "exec", dont_inherit=True)
    with open(output, "wb") as file:
        file.write(_code_to_hash_pyc(code, importlib.util.source_hash(source), False))
