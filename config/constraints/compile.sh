#!/usr/bin/env bash
# Pins every dependency anew, for Python 3.11 to 3.13 on x86-64 and aarch64, with the sums of all their files.
# Needs uv (pip install uv). Run it after a change of dependencies in pyproject.toml, then ./install.sh test.
# Pins that still hold stay; `config/constraints/compile.sh --upgrade` takes newer ones.
set -euo pipefail
cd "$(dirname "$0")/../.."
export UV_CUSTOM_COMPILE_COMMAND=config/constraints/compile.sh

pin() { # $1: file, $2: where the names come from, the rest: options of uv
    uv pip compile "$2" --output-file "config/constraints/$1" --universal --python-version 3.11 --no-python-downloads \
        --generate-hashes --quiet "${@:3}" >/dev/null
}

# What builds and installs this package.
pin build.txt - "$@" <<<$'hatchling>=1.27\neditables\npip'
pin test.txt pyproject.toml --extra test --constraints config/constraints/build.txt "$@"
pin runtime.txt pyproject.toml --constraints config/constraints/test.txt "$@"
pin dlib.txt pyproject.toml --extra dlib --constraints config/constraints/test.txt "$@"
