#!/bin/sh
# Make an environment with storiform from the folder above this one; both images hold just that.
#   containers/assemble.sh PREFIX
# In a checkout the locked wheels come from pip's index, in a bundle (storiform bundle) they lie
# beside. Needs Debian's python3-venv, and leaves nothing but PREFIX.
set -eu
cd "$(dirname "$0")/.."
prefix=$1
lock=containers/requirements.lock
[ -e "$lock" ] || lock=requirements.lock
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

python3 -m venv "$scratch/builder"
python3 -m venv --without-pip "$prefix"
pip() {
  "$scratch/builder/bin/python" -m pip --python "$prefix/bin/python" \
    --disable-pip-version-check --no-cache-dir --quiet "$@"
}

if [ -d wheels ]; then
  pip install --no-index --find-links wheels --require-hashes --only-binary :all: -r "$lock" || {
    echo "assemble.sh: these wheels are not for $(python3 --version) of the image; make the" \
      "bundle with that Python." >&2
    exit 1
  }
  cp wheels/storiform-*.whl "$scratch"
else
  pip install --require-hashes --only-binary :all: -r "$lock"
  pip wheel --no-index --no-deps --no-build-isolation --wheel-dir "$scratch" .
fi
pip install --no-index --no-deps "$scratch"/storiform-*.whl

# The lock holds what builds the wheel, too.
pip uninstall --yes hatchling editables pathspec pluggy trove-classifiers
pip check
# Packages' own tests and headers, a seventh of the size; never what their licences say.
find "$prefix"/lib/python3*/site-packages -name '*.dist-info' -prune -o \
  -type d \( -name tests -o -name include \) -prune -exec rm -rf {} +
