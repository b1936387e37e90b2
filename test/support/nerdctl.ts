import { existsSync } from 'node:fs'
import { chmod, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { tool } from './debian.ts'
import { temporaryDirectory } from './temporary.ts'

/** A real nerdctl, where `NODESEED_TOOLS` has one: Debian has none. */
export const REAL_NERDCTL = (process.env.NODESEED_TOOLS ?? '')
  .split(delimiter)
  .map((directory) => join(directory, 'nerdctl'))
  .find((path) => existsSync(path))

if (!REAL_NERDCTL) process.stderr.write('no nerdctl in NODESEED_TOOLS: its tests run on a stand-in over ctr alone\n')

/**
 * A program that answers as nerdctl 1.7 and 2.1 do to the calls of the node script, and works by ctr on a real containerd.
 * What it prints, to which stream and with which code, is what those two printed.
 */
export async function nerdctlOverCtr(): Promise<string> {
  const program = join(await temporaryDirectory(), 'nerdctl')
  await writeFile(program, STAND_IN.replace('CTR', tool('ctr')))
  await chmod(program, 0o755)
  return program
}

/** What a test of the method runs with. */
export const NERDCTL_PROGRAMS: [what: string, program: () => Promise<string>][] = [
  ['a stand-in over ctr', nerdctlOverCtr],
]
if (REAL_NERDCTL) NERDCTL_PROGRAMS.push(['nerdctl itself', async () => REAL_NERDCTL as string])

const STAND_IN = `#!/bin/sh
[ "$1 $3" = '--address --namespace' ] || exit 64
address=$2 namespace=$4
shift 4
ctr() { CTR -a "$address" -n "$namespace" "$@"; }
row() { ctr images check "name==$1" | while read -r name _ digest state _ size unpacked; do
  [ "$name" != "$1" ] || printf '%s %s %s %s\\n' "$name" "$digest" "$state" "\${unpacked##* }"; done; }
for name; do :; done
case $* in
  'images -q') ctr images ls -q ;;
  'load --platform '*) ctr images import --platform "$3" - >/dev/null && echo "Loaded image: all" ;;
  'image inspect --mode native --format {{.Image.Name}} {{.Image.Target.Digest}} {{json .Image.Labels}} '*)
    ctr images ls | while read -r record _ digest _ _ _ labels; do
      [ "$record" != "$name" ] && [ "$digest" != "$name" ] ||
        echo "$record $digest $(echo "$labels" | sed 's/^-$//; s/[^=,]\\{1,\\}/"&"/g; s/=/:/g; s/.*/{&}/')"
    done ;;
  'image inspect --mode native --format {{.Image.Name}} {{.Image.Target.Digest}} '*)
    set -- $(row "$name")
    [ $# -gt 0 ] || { echo "level=fatal msg=\\"no such object: $name\\"" >&2; exit 1; }
    echo "$1 $2" ;;
  'ps --all --no-trunc --format {{.Image}}') ctr containers ls | sed -n '2,$s/^[^ ]* *\\([^ ]*\\) .*/\\1/p' ;;
  'rmi '*)
    ! ctr containers ls | grep -q " $name " || { echo 'level=fatal msg="1 errors: conflict"' >&2; exit 1; }
    ctr images rm "$name" ;;
  'image inspect --platform '*' --format {{.Size}} '*)
    set -- $(row "$name")
    [ $# -gt 0 ] || exit 1
    if [ "$4" = true ]; then echo 20480; else echo 0; echo 'level=warning msg="failed to inspect calculate size"' >&2; fi ;;
  'save --platform '*)
    set -- $(row "$name")
    [ "\${3:-}" = complete ] || { echo 'level=fatal msg="failed to get reader: content digest: not found"' >&2; exit 1; } ;;
  *) exit 64 ;;
esac
`
