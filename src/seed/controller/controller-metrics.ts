import type { Pod } from 'kubernetes-types/core/v1.js'
import { BYTES_ANNOTATION, SET_LABEL } from '../output/daemon-set.ts'
import type { NodeChange, SeedState } from './node-change.ts'

/** What the controller knows, for Prometheus. */
export interface ControllerState {
  readonly changes: ReadonlyMap<string, NodeChange>
  readonly pods: readonly Pod[]
  readonly isLeader: boolean
  /** Milliseconds since 1970. */
  readonly lastAnswer: number | undefined
  readonly patches: number
  readonly errors: number
}

const STATES: readonly SeedState[] = ['seeded', 'seeding', 'failed', 'unselected']

/** Source: Prometheus text exposition format 0.0.4. */
export function renderControllerMetrics({ changes, pods, ...state }: ControllerState): string {
  const count = (wanted: SeedState) => [...changes.values()].filter(({ state }) => state === wanted).length
  const bySet = Map.groupBy(pods, ({ metadata }) => metadata?.labels?.[SET_LABEL] ?? '')
  const sets = [...bySet].map(([set, group]) => ({ set, bytes: bytesOf(group), since: sinceOf(group) }))
  const failed = [...changes].filter(([, { state }]) => state === 'failed')
  return [
    ...family('nodeseed_nodes', 'gauge', 'Nodes by how far they are.', [
      ...STATES.map((one) => ({ labels: { state: one }, value: count(one) })),
    ]),
    ...family(
      'nodeseed_node_failed',
      'gauge',
      'Nodes that cannot be seeded, or have lost images.',
      failed.map(([node]) => ({ labels: { node }, value: 1 })),
    ),
    ...family(
      'nodeseed_set_bytes',
      'gauge',
      'Compressed bytes of the images of a set.',
      sets.map(({ set, bytes }) => ({ labels: { set }, value: bytes })),
    ),
    ...family(
      'nodeseed_set_seeded_timestamp_seconds',
      'gauge',
      'Since when the first node holds a set.',
      sets.flatMap(({ set, since }) => (since === undefined ? [] : [{ labels: { set }, value: since }])),
    ),
    ...family('nodeseed_leader', 'gauge', 'Whether this replica acts.', [
      { labels: {}, value: Number(state.isLeader) },
    ]),
    ...family('nodeseed_node_patches_total', 'counter', 'Changes made to nodes.', [
      { labels: {}, value: state.patches },
    ]),
    ...family('nodeseed_api_errors_total', 'counter', 'Requests that the API server did not answer, or refused.', [
      { labels: {}, value: state.errors },
    ]),
    ...family(
      'nodeseed_api_answer_timestamp_seconds',
      'gauge',
      'When the API server was heard last.',
      state.lastAnswer === undefined ? [] : [{ labels: {}, value: Math.round(state.lastAnswer / 1000) }],
    ),
    '',
  ].join('\n')
}

function bytesOf([pod]: readonly Pod[]): number {
  return Number(pod?.metadata?.annotations?.[BYTES_ANNOTATION] ?? 0)
}

function sinceOf(pods: readonly Pod[]): number | undefined {
  const times = pods.flatMap(({ status }) => {
    const ready = status?.conditions?.find(({ type, status }) => type === 'Ready' && status === 'True')
    return ready?.lastTransitionTime ? [Date.parse(ready.lastTransitionTime) / 1000] : []
  })
  return times.length > 0 ? Math.min(...times) : undefined
}

interface Sample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

function family(name: string, type: string, help: string, samples: readonly Sample[]): string[] {
  const rows = samples.map(({ labels, value }) => {
    const pairs = Object.entries(labels).map(([key, text]) => `${key}=${JSON.stringify(text)}`)
    return `${name}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${value}`
  })
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...rows]
}
