import { readFile } from 'node:fs/promises'

/** What a person found in manifests of a project at a commit, and which files those are. */
export interface Answer {
  readonly project: string
  /** On GitHub. */
  readonly repository: string
  readonly commit: string
  readonly files: readonly { readonly file: string; readonly path: string; readonly sha256: string }[]
  readonly podSpec: readonly string[]
  /** Where no pod spec names them: flags, variables, ConfigMaps, fields and defaults of custom resources. */
  readonly hidden: readonly string[]
  readonly comment: readonly string[]
  /** References of which people may think otherwise: neither found nor missed. */
  readonly neutral: readonly string[]
}

/** The answer key; the files themselves belong to their projects, and are fetched. */
export async function readAnswers(): Promise<readonly Answer[]> {
  return JSON.parse(await readFile(new URL('answers.json', import.meta.url), 'utf8')) as Answer[]
}
