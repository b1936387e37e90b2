# ---- what is said

work='' runtime='' set_digest='' imported=0 pinned=0 pruned=0 wanted_count=0

# Prints the JSON line, and writes it where --report says. The list of missing names is cut so that 4096 bytes hold it.
say() {
  result=$1 message=$2 missing_file=${3:-}
  missing_count=0 list=''
  if [ -n "$missing_file" ]; then
    while read -r name _; do
      missing_count=$((missing_count + 1))
      [ "$((${#list} + ${#name}))" -gt 2400 ] || list="$list${list:+,}\"$name\""
    done <"$missing_file"
  fi
  line="{\"nodeseed\":1,\"node\":\"$(json "${NODE_NAME:-$(uname -n)}")\",\"runtime\":\"$runtime\",\"method\":\"$(json "$method")\""
  line="$line,\"platform\":\"$(json "$platform")\",\"set\":\"$set_digest\",\"result\":\"$result\",\"names\":$wanted_count"
  line="$line,\"imported\":$imported,\"pinned\":$pinned,\"pruned\":$pruned"
  line="$line,\"missingCount\":$missing_count,\"missing\":[$list],\"message\":\"$(json "$message")\"}"
  printf '%s\n' "$line"
  [ -z "$report" ] || printf '%s\n' "$line" >"$report"
}

# The text as the inside of a JSON string: at most 400 bytes, nothing outside printable ASCII.
json() {
  printf '%s' "$1" | tr '\n\t' '  ' | tr -cd '\040-\176' | head -c 400 | sed 's/[\\"]/\\&/g'
}

fail() {
  printf 'seed.sh: %s\n' "$2" >&2
  [ -z "$ready" ] || rm -f -- "$ready"
  say failed "$2"
  exit "$1"
}

# What the runtime's tools print of their progress is for a terminal: ctr 2 draws the whole tree anew many times a second,
# which would fill the log of a pod.
open_progress() {
  if [ -t 2 ]; then exec 3>&2; else exec 3>/dev/null; fi
}

note() {
  printf 'seed.sh: %s\n' "$1" >&2
}
