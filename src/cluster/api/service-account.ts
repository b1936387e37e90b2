import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ExpectedError } from '../../errors.ts'
import type { ApiAccess } from './api-client.ts'

const DIRECTORY = '/var/run/secrets/kubernetes.io/serviceaccount'

/**
 * What Kubernetes gives a pod to reach its API server.
 *
 * @throws {ExpectedError} USAGE outside of a pod
 */
export async function serviceAccount(environment: Readonly<Record<string, string | undefined>>): Promise<ApiAccess> {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = '443' } = environment
  if (!host) {
    throw new ExpectedError('USAGE', 'not in a pod: KUBERNETES_SERVICE_HOST is not set', {
      hint: 'Write what runs it in the cluster with: nodeseed controller --in-cluster DIR. Or name an API server with --server.',
    })
  }
  const server = `https://${host.includes(':') ? `[${host}]` : host}:${port}`
  return { server, token: tokenOf(join(DIRECTORY, 'token')), ca: await readFile(join(DIRECTORY, 'ca.crt'), 'utf8') }
}

/** A token from its file, read anew each time. */
export function tokenOf(file: string): () => Promise<string> {
  return async () => (await readFile(file, 'utf8')).trim()
}
