import { Flags } from '@oclif/core'
import { durationFlag } from '../flags/duration-flag.ts'
import { inGroup } from '../flags/in-group.ts'
import { repeatable } from '../flags/repeatable.ts'

/** Flags of every command that speaks with registries. */
export const connectionFlags = inGroup('REGISTRY', {
  'plain-http': repeatable({
    description: 'speak plain http with this HOST[:PORT] (repeatable); loopback hosts need no flag',
    helpValue: 'HOST',
    env: 'NODESEED_PLAIN_HTTP',
  }),
  ca: Flags.file({ description: 'trust the authorities in this file (PEM) too', helpValue: 'FILE' }),
  'client-cert': Flags.file({
    description: 'certificate (PEM) to show to registries',
    helpValue: 'FILE',
    dependsOn: ['client-key'],
  }),
  'client-key': Flags.file({
    description: 'private key (PEM) of that certificate',
    helpValue: 'FILE',
    dependsOn: ['client-cert'],
  }),
  'cert-dir': Flags.directory({
    description:
      "certificates of single hosts, DIR/HOST[:PORT]/*.{crt,cert,key}; podman's and docker's certs.d are read anyway",
    helpValue: 'DIR',
  }),
  'max-connections': Flags.integer({
    description: 'most connections to one registry',
    default: 16,
    min: 1,
    helpValue: 'COUNT',
  }),
  retries: Flags.integer({
    description: 'how often to ask again after a failure that may pass',
    default: 5,
    min: 0,
    helpValue: 'COUNT',
  }),
  timeout: durationFlag({
    description: 'how long the whole run may take, such as 30m; the same command goes on where it ended',
    aliases: ['command-timeout'],
  }),
  'idle-timeout': durationFlag({
    description: 'how long to wait for an answer or data before a request is tried again',
    default: 30_000,
  }),
})

/** Flags of every command that reads images from registries. */
export const registryFlags = inGroup('REGISTRY', {
  ...connectionFlags,
  mirror: repeatable({
    description: 'ask FROM=TO first: quay.io=mirror.local:5000/quay (repeatable); then the registry itself',
    helpValue: 'FROM=TO',
    env: 'NODESEED_MIRROR',
  }),
  'registries-conf': Flags.file({
    description: 'take mirrors and rules for registries from this registries.conf (version 2)',
    helpValue: 'FILE',
    env: 'CONTAINERS_REGISTRIES_CONF',
    exclusive: ['hosts-dir'],
  }),
  'hosts-dir': Flags.directory({
    description:
      "take mirrors, certificates and headers from this directory of containerd's hosts.toml files, such as /etc/containerd/certs.d",
    helpValue: 'DIR',
  }),
  'use-pull-secrets': Flags.boolean({ description: 'take credentials from the pull secrets among the inputs' }),
})
