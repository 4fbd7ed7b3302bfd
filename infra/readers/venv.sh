# Sourced by the scripts here: sets python to an interpreter that has
# requirements.txt, in .venv of the repository (or $READERS_VENV).
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
venv=${READERS_VENV:-$here/../../.venv}
stamp=$venv/requirements.txt
if ! cmp -s "$here/requirements.txt" "$stamp"; then
  echo "installing the readers into $venv" >&2
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt"
  cp "$here/requirements.txt" "$stamp"
fi
python=$venv/bin/python
