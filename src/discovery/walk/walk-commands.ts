import type { Place, Walk } from './walk-state.ts'
import { visitCommand, visitInstalls } from './walk-text.ts'

/** Programs that are handed images, where one is the first word of a command. */
const HANDED =
  /^(?:\S*\/)?(?:sudo|docker|podman|nerdctl|ctr|crictl|k3s|buildah|skopeo|crane|oras|regctl|imgpkg|apptainer|singularity|kubectl|oc|helm)$/

/**
 * What a command in words installs or is handed: `command: [helm], args: [install, web, repo/chart]`; whether it is handed
 * images, which are then noted.
 */
export function visitCommandLists(walk: Walk, { command, args }: Record<string, unknown>, place: Place): boolean {
  const words = [command, args].flatMap((list) => (Array.isArray(list) ? (list as unknown[]) : []))
  if (words.length === 0 || !words.every((word) => typeof word === 'string' && !/\s/.test(word))) return false
  const line = words.join(' ')
  if (HANDED.test(String(words[0]))) {
    walk.path.push(Array.isArray(args) ? 'args' : 'command')
    const isHanded = visitCommand(walk, line, 'command', { ...place, layer: 'argument' })
    walk.path.pop()
    if (isHanded) return true
  }
  visitInstalls(walk, line)
  return false
}
