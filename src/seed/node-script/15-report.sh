# ---- what is said

work='' runtime='' set_digest='' imported=0 pinned=0 pruned=0 wanted_count=0 said='' partial='' reserve=''
: "${TMPDIR:=/tmp}"

# RESULT MESSAGE [NOT_THERE]: prints the JSON line, and writes it where --report says. There, 4096 bytes must hold it, so
# that the lists are cut; on standard output they are whole.
say() {
  said=yes
  # What watches says often that all is well.
  if [ "$1/$watch" = unchanged/ ] || [ "$1" != unchanged ]; then say_line "$@" >&4; else say_line "$1" "$2" "${3:-}" 1200 >&4; fi
  [ -z "$report" ] || say_line "$1" "$2" "${3:-}" 1200 >"$report" || note "cannot write $report"
  tell_person "$1" "$2"
}

# RESULT MESSAGE: the end of the same for who sits at a terminal, where the line of a large bundle fills the screen.
tell_person() {
  if [ ! -t 2 ] || [ -n "$watch${NODESEED_REPORT_TELLS:-}" ]; then return 0; fi
  case $1 in
    failed) ;;
    gap) note "$2: $missing_count of $wanted_count names; the line of JSON says of each why" ;;
    *) note "$wanted_count names, $imported imported, $pinned pinned: ${2:-all are there}" ;;
  esac
}

# The same with the most bytes that each list may have.
say_line() {
  result=$1 message=$2 missing_file=${3:-} most=${4:-}
  missing_count=0 list=''
  if [ -n "$missing_file" ]; then
    while read -r name _; do
      missing_count=$((missing_count + 1))
      [ -n "$most" ] && [ "$((${#list} + ${#name}))" -gt "$((most + 1000))" ] || list="$list${list:+,}\"$name\""
    done <"$missing_file"
  fi
  line="{\"nodeseed\":1,\"node\":\"$(json "${NODE_NAME:-$(uname -n)}")\",\"runtime\":\"$runtime\",\"method\":\"$(json "$method")\""
  line="$line,\"platform\":\"$(json "$platform")\",\"set\":\"$set_digest\",\"result\":\"$result\",\"names\":$wanted_count"
  line="$line,\"imported\":$imported,\"pinned\":$pinned,\"pruned\":$pruned"
  line="$line,\"missingCount\":$missing_count,\"missing\":[$list],\"images\":[$(say_images)],\"message\":\"$(json "$message")\"}"
  printf '%s\n' "$line"
}

# What is known of each name: with a limit, only of those that are not there.
say_images() {
  [ -s "$work/missing" ] || [ -z "$most" ] || return 0
  [ -e "$work/missing" ] || return 0
  length=0 comma=''
  while read -r name target; do
    if is_row "$name $target" "$work/missing"; then
      entry="{\"name\":\"$name\",\"there\":false,\"why\":\"$(json "$(why_missing "$name" "$target")")\"}"
    elif [ -z "$most" ]; then
      entry="{\"name\":\"$name\",\"there\":true}"
    else
      continue
    fi
    length=$((length + ${#entry} + 1))
    [ -z "$most" ] || [ "$length" -le "$most" ] || break
    printf '%s%s' "$comma" "$entry"
    comma=,
  done <"$work/wanted"
}

is_row() {
  [ -s "$2" ] && grep -Fxq -e "$1" "$2"
}

# NAME TARGET: what went wrong when it was brought in, or else what is seen of it.
why_missing() {
  reason=''
  [ ! -s "$work/why" ] || reason=$(sed -n "s|^$1 ||p" "$work/why" | tail -n 1)
  if [ -z "$reason" ] && find_own_step why; then reason=$("$step" "$1" "$2"); fi
  printf '%s' "${reason:-no image of that name}"
}

# NAME TEXT: remembers why an image could not be brought in.
because() {
  printf '%s %s\n' "$1" "$2" >>"$work/why"
}

# What a tool said last, without what it draws for a terminal.
last_line() {
  sed -n -e 's/^.*level=fatal msg=//' -e '/[^[:space:]]/p' "$1" 2>/dev/null | tail -n 1
}

# The text as the inside of a JSON string: at most 400 bytes, nothing outside printable ASCII. Of a long one the end is
# kept too: there tools say what went wrong.
json() {
  inside=$(printf '%s' "$1" | tr '\n\t' '  ' | tr -cd '\040-\176')
  [ "${#inside}" -le 400 ] || inside="$(printf '%s' "$inside" | head -c 160) ... $(printf '%s' "$inside" | tail -c 235)"
  printf '%s' "$inside" | sed 's/[\\"]/\\&/g'
}

# CODE MESSAGE. Whoever reads the report shows people what it says.
fail() {
  [ -n "${NODESEED_REPORT_TELLS:-}" ] || note "$2"
  [ -z "$ready" ] || rm -f -- "$ready"
  say failed "$2"
  exit "$1"
}

# What the runtime's tools print of their progress is for a terminal: ctr 2 draws the whole tree anew many times a second,
# which would fill the log of a pod. The JSON line goes to what was standard output at the start.
open_outputs() {
  exec 4>&1
  if [ -t 2 ]; then exec 3>&2; else exec 3>/dev/null; fi
}

note() {
  printf 'seed.sh: %s\n' "$1" >&2
}

# KiB for people.
human() {
  if [ "$1" -ge 1048576 ]; then
    printf '%s.%s GiB' $(($1 / 1048576)) $(($1 % 1048576 * 10 / 1048576))
  elif [ "$1" -ge 1024 ]; then
    printf '%s MiB' $(($1 / 1024))
  else
    printf '%s KiB' "$1"
  fi
}
