import { ExpectedError } from '../../errors.ts'
import type { Finding } from '../../finding.ts'
import { resourcesOf } from '../../kubernetes/objects/resource.ts'
import type { AuthFile } from '../../registry/auth/credentials.ts'
import { readInputs } from '../inputs/input-documents.ts'
import { parseAuthFile } from './auth-files.ts'

/** Type of a Secret, the key of its data, and whether the data is a whole config.json or only its `auths`. */
const PULL_SECRETS: Record<string, { key: string; isWhole: boolean }> = {
  'kubernetes.io/dockerconfigjson': { key: '.dockerconfigjson', isWhole: true },
  'kubernetes.io/dockercfg': { key: '.dockercfg', isWhole: false },
}

/**
 * The credentials inside the pull secrets among the inputs; standard input can be read only once and is left out. As for
 * the kubelet, helpers that such a file names are none: an input never says what is run here.
 *
 * @throws {ExpectedError} INPUT_UNREADABLE, and what reading inputs throws.
 */
export async function readPullSecrets(inputs: readonly string[]): Promise<AuthFile[]> {
  const files: AuthFile[] = []
  for await (const document of readInputs(inputs.filter((input) => input !== '-'))) {
    if (document.form === 'notice') refuseUnread(document.finding)
    if (document.form !== 'manifest') continue
    for (const { kind, value } of resourcesOf(document))
      if (kind === 'Secret') files.push(...authFilesOf(value, document.file))
  }
  return files
}

/** A secret that cannot be read would be missed only when a registry says no. */
function refuseUnread({ code, message, hint }: Finding): void {
  if (code === 'FILE_UNREADABLE')
    throw new ExpectedError('INPUT_UNREADABLE', message, hint === undefined ? {} : { hint })
}

function authFilesOf(secret: Readonly<Record<string, unknown>>, file: string): AuthFile[] {
  const { key = '', isWhole } = PULL_SECRETS[String(secret.type)] ?? {}
  const plain = textAt(secret.stringData, key)
  const encoded = textAt(secret.data, key)
  const text = plain ?? (encoded && Buffer.from(encoded, 'base64').toString('utf8'))
  if (!text) return []
  const { auths } = parseAuthFile(isWhole ? text : `{"auths":${text}}`, `${file}: a pull secret`)
  return auths ? [{ auths }] : []
}

function textAt(map: unknown, key: string): string | undefined {
  const value = (map as Record<string, unknown> | undefined)?.[key]
  return typeof value === 'string' ? value : undefined
}
