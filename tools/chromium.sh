#!/bin/sh
# The browser that the tests drive: Debian's chromium (Playwright's own download is not used).
set -eu
if [ -n "${CHROMIUM:-}" ] || command -v chromium >/dev/null 2>&1; then
    exit 0
fi
if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
    echo "The browser tests need chromium: installing the package 'chromium' with apt-get"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null
    exit 0
fi
echo "The browser tests need Chromium. Install it ('sudo apt-get install chromium'), or set" >&2
echo "CHROMIUM to the path of a Chromium or Chrome of version 132 or later, and run this again." >&2
exit 1
