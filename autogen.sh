#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes ./configure in a fresh checkout.  Needs autoconf, automake and pkg-config; a tarball does not.
set -eu
cd "$(dirname "$0")"
autoreconf --force --install --warnings=all
echo "Now: mkdir build && cd build && ../configure && make"
