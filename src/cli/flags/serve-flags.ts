import { Flags } from '@oclif/core'
import { TOOL_MACHINES, type ToolArchitecture } from '../../bundle/format/node-files.ts'
import { keyFlag } from './bundle-file-flags.ts'
import { durationFlag } from './duration-flag.ts'

/** What a server on this machine can be told. */
const serverFlags = {
  listen: Flags.string({ description: 'address and port', default: '127.0.0.1:5000', helpValue: 'HOST:PORT' }),
  advertise: Flags.string({ description: 'how nodes reach this server', helpValue: 'URL' }),
  peer: Flags.string({
    description: 'peer-to-peer cache on each node, which containerd asks first',
    helpValue: 'URL',
  }),
  'tls-cert': Flags.string({ description: 'certificate chain (PEM)', helpValue: 'FILE', dependsOn: ['tls-key'] }),
  'tls-key': Flags.string({ description: 'its private key (PEM)', helpValue: 'FILE', dependsOn: ['tls-cert'] }),
  'tls-dir': Flags.string({
    description: 'where tls.crt and tls.key are; made there for this machine when they are not',
    helpValue: 'DIR',
    exclusive: ['tls-cert'],
  }),
  users: Flags.string({ description: 'who may read: lines of user:password', helpValue: 'FILE' }),
  'access-log': Flags.boolean({ description: 'a line on stderr for each request', default: true, allowNo: true }),
  grace: durationFlag({ description: 'how long downloads may take to end on SIGTERM', default: 30_000 }),
}

/** What a server that the cluster runs can be told. */
const inClusterFlags = {
  'in-cluster': Flags.string({
    description: 'do not serve: write to DIR what runs this in the cluster, from a bundle that carries the program',
    helpValue: 'DIR',
    dependsOn: ['sandbox-image'],
  }),
  'sandbox-image': Flags.string({ description: 'sandbox (pause) image of the nodes', helpValue: 'REF' }),
  'bundle-path': Flags.string({ description: 'where the bundle lies on nodes or in the claim', helpValue: 'PATH' }),
  claim: Flags.string({ description: 'PersistentVolumeClaim that holds the bundle', helpValue: 'NAME' }),
  replicas: Flags.integer({ description: 'how many servers', default: 2, min: 1, helpValue: 'COUNT' }),
  'node-port': Flags.integer({
    description: 'port of every node',
    default: 30500,
    min: 1,
    max: 65535,
    helpValue: 'PORT',
  }),
  arch: Flags.option({
    options: Object.keys(TOOL_MACHINES) as ToolArchitecture[],
    description: 'run the build of the carried program for this architecture, on nodes of it',
    default: 'amd64',
  })(),
}

/** Flags of serve. */
export const serveFlags = {
  ...keyFlag('contents are hashed before they are sent, each once and again when the file was changed'),
  ...serverFlags,
  ...inClusterFlags,
}
