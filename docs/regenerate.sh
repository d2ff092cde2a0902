#!/usr/bin/env bash
# Runs every command of docs/results.md again, one after another: hours on two cores.
#   docs/regenerate.sh --list           prints the commands
#   docs/regenerate.sh DIR              runs them, with DIR as the folder of the real files; those that need none run without one
#   docs/regenerate.sh DIR PATTERN      runs those that a pattern of grep -E fits, such as '^mnist'
# Reports and figures go to runs/results/NUMBER-COMMAND/, the processor and the commit to runs/results/build.txt.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

commands() { grep -oE '^\| `(mnist|convnet|program|drift|lstm|transfer|energy|mlnet|benchmark)[^`]*`' docs/results.md | sed -E 's/^\| `//; s/`$//' ; }

if [ "${1:-}" = "--list" ]; then
  commands
  exit
fi
data=${1:-}
pattern=${2:-.}
dotnet build examples -c Release -v q
mkdir -p runs/results
{ date -u; git describe --always --dirty; grep -m1 'model name' /proc/cpuinfo 2>/dev/null || uname -mp; } > runs/results/build.txt
number=0
while read -r line; do
  number=$((number + 1))
  grep -qE "$pattern" <<< "$line" || continue
  if [[ $line == *DIR* ]] && [ -z "$data" ]; then
    echo "skipped, for it needs the real files: $line"
    continue
  fi
  read -r -a words <<< "${line//DIR/$data}"
  out=$(printf 'runs/results/%02d-%s' "$number" "${words[0]}")
  echo "== $line"
  dotnet run -c Release --no-build --project examples -- "${words[@]}" --out "$out" < /dev/null
done < <(commands)
