#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Turn a text file into a C file that defines it as a string: text2c.py NAME HEADER IN OUT"""
import json
import sys

name, header, source, target = sys.argv[1:]
with open(source, encoding="ascii") as f:
    lines = f.read().splitlines(keepends=True)
with open(target, "w", encoding="ascii") as f:
    f.write(f'#include "{header}"\n\nconst char {name}[] =\n')
    f.write("\n".join("    " + json.dumps(line) for line in lines) + ";\n")
