import { Flags, type Interfaces } from '@oclif/core'
import { readRules } from '../../discovery/rules/rules-file.ts'
import { CONFIDENCES, type Confidence } from '../../discovery/uses/image-use.ts'
import { readDistribution } from '../inputs/distribution.ts'
import type { ScanOptions } from '../inputs/scan-inputs.ts'
import { Usage } from '../inputs/usage.ts'
import { readVars } from '../inputs/var-file.ts'
import { readText } from '../texts/read-text.ts'
import { inGroup } from './in-group.ts'
import { repeatable } from './repeatable.ts'
import { strictFlags } from './strict-flags.ts'

/** Of every command that takes manifests: how charts and kustomizations are rendered, and what may be left out. */
export const inputFlags = {
  ...inGroup('INPUT', {
    filename: repeatable({
      char: 'f',
      description: 'another way to name an input, as kubectl has it: -f FILE, -f - (repeatable)',
      helpValue: 'INPUT',
    }),
    'allow-remote': Flags.boolean({
      description:
        'let charts and kustomizations ask for what is elsewhere (bases, resources, schemas); each address is told',
    }),
    config: Flags.string({
      description:
        'project file: how charts are rendered, and more; default: nodeseed.yaml in the directories that are read',
      helpValue: 'FILE',
    }),
  }),
  ...strictFlags,
}

/** Of every command that names the workloads of charts: how they are rendered. */
export const chartFlags = inGroup('INPUT', {
  release: Flags.string({ description: 'name under which a Helm chart is installed', helpValue: 'NAME' }),
  values: repeatable({ description: 'values file for Helm charts (repeatable)', helpValue: 'FILE' }),
  set: repeatable({ description: 'value for Helm charts (repeatable)', helpValue: 'KEY=VALUE' }),
})

/** How inputs are read. */
export const readingFlags = {
  ...inGroup('INPUT', {
    rules: Flags.string({ description: 'file with your own rules for fields of custom resources', helpValue: 'FILE' }),
    values: chartFlags.values,
    set: chartFlags.set,
    var: repeatable({ description: 'value of a placeholder in an image name (repeatable)', helpValue: 'NAME=VALUE' }),
    'var-file': repeatable({
      description: 'file of such values, NAME=VALUE a line, as dotenv has them (repeatable)',
      helpValue: 'FILE',
    }),
  }),
  ...inputFlags,
}

/** Flags of every command that finds images in manifests: how inputs are read, and which images are taken. */
export const scanFlags = {
  ...inGroup('INPUT', {
    policy: Flags.string({
      description: 'pull policies to take, comma separated: Never, IfNotPresent, Always',
      default: 'Never,IfNotPresent',
    }),
    'min-confidence': Flags.option({ options: CONFIDENCES })({
      description: 'leave out what is less sure to be an image',
      default: 'likely',
    }),
    distro: repeatable({
      description:
        'take the images of this distribution too: kubeadm@VERSION, or k3s, rke2 or k0s with the list that it publishes (repeatable)',
      helpValue: 'NAME@VERSION[=FILE]',
    }),
  }),
  ...readingFlags,
}

type ReadingFlags = Interfaces.InferredFlags<typeof readingFlags>

/** What those flags mean to a scan. @throws {ExpectedError} INPUT_NOT_FOUND, INPUT_UNREADABLE, INPUT_INVALID */
export async function scanOptions({
  'min-confidence': minConfidence,
  rules,
  values,
  set,
  var: vars,
  'var-file': varFiles,
  'allow-remote': allowRemote,
  config,
  distro = [],
}: ReadingFlags & { 'min-confidence'?: Confidence; distro?: string[] }): Promise<ScanOptions> {
  const ownRules = rules === undefined ? [] : readRules(await readText(rules), rules)
  const confidence = minConfidence && { minConfidence }
  const given = await Promise.all(distro.map((text) => readDistribution(text, allowRemote)))
  const told = await readVars(varFiles, vars)
  const usage = new Usage(told.vars, { ...told, rules: ownRules })
  const read = { rules: ownRules, vars: usage.vars, usage, given: given.flat() }
  return { ...confidence, ...read, values, set, allowRemote, config, saysIdleFlags: true }
}
