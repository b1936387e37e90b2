import { wordsOfFile } from './read-lists.ts'

/** How a program is handed a file that lists images, and which of its words is the file. */
const WAYS: readonly (readonly [program: string, pattern: RegExp])[] = [
  ['skopeo', /\bskopeo\s(?=[^;|&]{0,400}\s(?:--src[= ]|-s\s{0,9})yaml\b)[^;|&]{0,200}?\bsync\s([^;|&]{1,1000})/],
  ['oc', /\boc\s[^;|&]{0,200}?\bimage\s+mirror\s[^;|&]{0,400}?(?:-f\s{0,9}|--filename[= ])["']?([^\s"';|&]{1,300})/],
  ['oc', /\boc(?:\s+|-)mirror\s[^;|&]{0,400}?(?:-c\s{0,9}|--config[= ])["']?([^\s"';|&]{1,300})/],
  ['regsync', /\b(?:regsync|regbot)\s[^;|&]{0,400}?(?:-c\s{0,9}|--config[= ])["']?([^\s"';|&]{1,300})/],
  [
    'hauler',
    /\bhauler\s[^;|&]{0,200}?\bsync\s[^;|&]{0,400}?(?:-f\s{0,9}|--files?[= ]|--filename[= ])["']?([^\s"';|&]{1,300})/,
  ],
  ['imgpkg', /\bimgpkg\s[^;|&]{0,400}?--lock[= ]["']?([^\s"';|&]{1,300})/],
]
const MAY_LIST = /\b(?:skopeo|oc|oc-mirror|regsync|regbot|hauler|imgpkg)\s/

/** Whether a text may have such a command. */
export function mayListInFile(text: string): boolean {
  return MAY_LIST.test(text)
}

/** The images of a file that a command is handed: `skopeo sync --src yaml images.yaml`. */
export function imagesListedInFile(command: string): { readonly reference: string; readonly program: string }[] {
  if (!mayListInFile(command)) return []
  for (const [program, pattern] of WAYS) {
    const found = pattern.exec(command)?.[1]
    const file = found && operandOf(found)
    if (file && file !== '-') return [{ reference: wordsOfFile(file), program }]
  }
  return []
}

/** The first word that is no flag, and no value of one. */
function operandOf(rest: string): string | undefined {
  const words = rest.split(/[\s"']+/).filter(Boolean)
  let at = 0
  while (words[at]?.startsWith('-'))
    at += /^(?:-[sdo]|--(?:src|dest|format|authfile|src-creds|dest-creds|retry-times))$/.test(words[at] ?? '') ? 2 : 1
  return words[at]
}
