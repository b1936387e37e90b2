import { Flags } from '@oclif/core'
import { TOOL_MACHINES, type ToolArchitecture } from '../../bundle/format/node-files.ts'
import { durationFlag } from '../flags/duration-flag.ts'

/** Flags of controller. */
export const controllerFlags = {
  namespace: Flags.string({ description: 'namespace of the seeding pods', default: 'nodeseed', helpValue: 'NAME' }),
  listen: Flags.string({
    description: 'where /metrics and /healthz are answered',
    default: '127.0.0.1:8081',
    helpValue: 'HOST:PORT',
  }),
  grace: durationFlag({
    description: 'how long a seeding pod that runs may not be ready before its node loses the label',
    default: 30_000,
    min: 1000,
  }),
  server: Flags.string({ description: 'API server; default: that of the pod which this runs in', helpValue: 'URL' }),
  'token-file': Flags.string({
    description: 'token for that server, read anew for each request',
    helpValue: 'FILE',
    dependsOn: ['server'],
  }),
  'ca-file': Flags.string({
    description: "authorities (PEM) of that server's certificate",
    helpValue: 'FILE',
    dependsOn: ['server'],
  }),
  'in-cluster': Flags.string({
    description: 'do not run: write to DIR what runs this in the cluster, from a bundle that carries the program',
    helpValue: 'DIR',
    dependsOn: ['sandbox-image', 'bundle-path'],
  }),
  'sandbox-image': Flags.string({ description: 'sandbox (pause) image of the nodes', helpValue: 'REF' }),
  'bundle-path': Flags.string({ description: 'where the bundle lies on nodes or in the claim', helpValue: 'PATH' }),
  claim: Flags.string({ description: 'PersistentVolumeClaim that holds the bundle', helpValue: 'NAME' }),
  replicas: Flags.integer({
    description: 'how many replicas, of which one acts',
    default: 2,
    min: 1,
    helpValue: 'COUNT',
  }),
  arch: Flags.option({
    options: Object.keys(TOOL_MACHINES) as ToolArchitecture[],
    description: 'run the build of the carried program for this architecture, on nodes of it',
    default: 'amd64',
  })(),
}
