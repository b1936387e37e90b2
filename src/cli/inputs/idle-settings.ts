import { type Finding, finding } from '../../finding.ts'
import { quote } from '../../quote.ts'
import type { FoundProject } from '../project/find-project.ts'
import type { ProjectChart } from '../project/project-file.ts'
import type { HelmOptions } from './render/helm.ts'

/** What is said of charts, of which none was rendered so. */
export function idleSettings(
  { values = [], set = [], release }: HelmOptions,
  charts: ReadonlyMap<string, ProjectChart>,
  rendered: ReadonlySet<string>,
): Finding[] {
  const idle = [...charts].filter(([path]) => !rendered.has(path))
  const entries = idle.map(([, { path, place }]) => {
    return finding('WITHOUT_EFFECT', `${place}: the chart ${path} is not among the inputs`, { subject: path })
  })
  const flags = [values.length > 0 && '--values', set.length > 0 && '--set', release !== undefined && '--release']
  const isUsed = [...rendered].some((path) => !charts.has(path))
  const idleFlags = isUsed ? [] : flags.filter((flag) => flag !== false)
  return [
    ...entries,
    ...idleFlags.map((flag) => {
      const message = `${flag}: no chart among the inputs is rendered with it`
      return finding('WITHOUT_EFFECT', message, { subject: flag })
    }),
  ]
}

/** Who scans a directory need not have written its project file: the flags there are for who begins with it. */
export function idleFlags({ file, flags }: FoundProject): Finding[] {
  const [first] = Object.values(flags ?? {}).flatMap((settings) => Object.values(settings))
  if (!first) return []
  const message = `${first.place}: flags count where the command runs beside the file and names no input, or with --config`
  const hint = `Add --config ${quote(file)} to take them.`
  return [finding('WITHOUT_EFFECT', message, { severity: 'info', subject: file, hint })]
}
