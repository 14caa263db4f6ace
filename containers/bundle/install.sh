#!/bin/sh
# Install storiform from this folder, without internet: ./install.sh [ENVIRONMENT]
# PYTHON=/path/to/python@PYTHON@ names the Python where it is not on the PATH.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
environment=${1:-storiform-env}
python=${PYTHON:-python@PYTHON@}

found=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || found=none
if [ "$found" != "@PYTHON@" ]; then
  echo "install.sh: found Python $found as $python, expected @PYTHON@, for which these wheels" \
    "are. Name it: PYTHON=/path/to/python@PYTHON@ $0" >&2
  exit 2
fi
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
  echo "install.sh: $python cannot make virtual environments." \
    "On Debian and Ubuntu: apt-get install python@PYTHON@-venv" >&2
  exit 2
fi
if command -v sha256sum >/dev/null 2>&1; then
  (cd "$here" && sha256sum --check --quiet SHA256SUMS) || {
    echo "install.sh: $here is damaged. Copy it again." >&2
    exit 2
  }
fi
for wheel in "$here"/wheels/*; do # a line that was lost, or a wheel that came later
  name="wheels/${wheel##*/}"
  cut -c 67- "$here/SHA256SUMS" | grep -qxF "$name" || {
    echo "install.sh: SHA256SUMS does not know $name. Copy the folder again." >&2
    exit 2
  }
done
pip() {
  PYTHONNOUSERSITE=1 "$environment/bin/python" -m pip --isolated --disable-pip-version-check "$@"
}
"$python" -m venv "$environment"
pip install --quiet --no-index --find-links "$here/wheels" \
  --require-hashes -r "$here/requirements.lock"
pip install --quiet --no-index --no-deps --force-reinstall "$here"/wheels/storiform-*.whl
"$environment/bin/storiform" --version
echo "Run it as $environment/bin/storiform"
