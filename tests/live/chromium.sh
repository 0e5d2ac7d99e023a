#!/bin/sh
# Sees to it that there is a Chromium for the browser tests: from the system's packages, if this user may install them.
# Never fails; where there is none, it says so, and the tests skip.
for name in chromium chromium-browser google-chrome; do
    command -v "$name" >/dev/null && exit 0
done
if [ "$(id -u)" = 0 ]; then
    as_root=""
elif sudo -n true 2>/dev/null; then
    as_root="sudo -n"
else
    as_root="no"
fi
if [ "$as_root" != no ] && command -v apt-get >/dev/null; then
    echo "Installing Chromium for the browser tests"
    $as_root apt-get update -qq &&
        DEBIAN_FRONTEND=noninteractive $as_root apt-get install -qq -y --no-install-recommends chromium >/dev/null &&
        command -v chromium >/dev/null && exit 0
fi
cat >&2 <<'END'

  NO CHROMIUM: the tests of the live page in a browser will be SKIPPED.
  It cannot be installed here. As root: apt-get install chromium

END
exit 0
