import type { Stats } from 'node:fs'
import { realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { ExpectedError } from '../../errors.ts'
import type { Strictness } from '../output/omissions.ts'
import { readText } from '../texts/read-text.ts'
import { kindOf } from '../texts/regular-file.ts'
import { isThere, PROJECT_FILE } from './flagged-commands.ts'
import { type Project, type ProjectChart, parseProject } from './project-file.ts'

export interface FoundProject extends Project {
  readonly file: string
}

/**
 * The project files of a run: the one that `--config` names; else those in the directories among the inputs; without
 * inputs the one where the command runs.
 *
 * @throws {ExpectedError} INPUT_NOT_FOUND, INPUT_UNREADABLE, INPUT_INVALID
 */
export async function findProjects(inputs: readonly string[], config: string | undefined): Promise<FoundProject[]> {
  const named = config === undefined ? await projectFilesIn(inputs.length > 0 ? inputs : ['.']) : [config]
  return Promise.all(named.map(async (file) => ({ ...parseProject(await readText(file), file), file })))
}

async function projectFilesIn(inputs: readonly string[]): Promise<string[]> {
  const files = new Set<string>()
  for (const input of inputs) {
    const file = join(input, PROJECT_FILE)
    if (input !== '-' && (await isThere(file))) files.add(file)
  }
  return [...files]
}

/** How each chart is rendered, by its real path. @throws {ExpectedError} INPUT_NOT_FOUND, INPUT_INVALID */
export async function chartSettingsOf(projects: readonly FoundProject[]): Promise<ReadonlyMap<string, ProjectChart>> {
  const byChart = new Map<string, ProjectChart>()
  for (const chart of projects.flatMap(({ charts = [] }) => charts)) {
    const { path, place, settings } = chart
    await checkThere(path, place)
    for (const file of settings.flatMap(({ values = [] }) => values)) {
      const kind = kindOf(await checkThere(file, place))
      if (kind !== undefined) throw new ExpectedError('INPUT_INVALID', `${place}: ${file}: is ${kind}, not a file`)
    }
    byChart.set(await realpath(path), chart)
  }
  return byChart
}

/** What flags and project files together say of what may be left out. */
export function jointStrictness(flags: Strictness, projects: readonly Project[]): Strictness {
  return {
    isStrict: flags.isStrict || projects.some(({ strict }) => strict === true),
    excuses: [...flags.excuses, ...projects.flatMap(({ allow = [] }) => allow)],
  }
}

async function checkThere(path: string, place: string): Promise<Stats> {
  return stat(path).catch(() => {
    throw new ExpectedError('INPUT_NOT_FOUND', `${place}: ${path}: no such file or directory`, {
      hint: 'Paths in this file begin at its directory.',
    })
  })
}
