import { resourcesOf } from '../../kubernetes/objects/resource.ts'
import { readInputs } from '../inputs/input-documents.ts'
import { parseAuthFile } from './auth-files.ts'

/** Type of a Secret, the key of its data, and whether the data is a whole config.json or only its `auths`. */
const PULL_SECRETS: Record<string, { key: string; isWhole: boolean }> = {
  'kubernetes.io/dockerconfigjson': { key: '.dockerconfigjson', isWhole: true },
  'kubernetes.io/dockercfg': { key: '.dockercfg', isWhole: false },
}

/**
 * The credential files inside the pull secrets among the inputs; standard input can be read only once and is left out.
 *
 * @throws {ExpectedError} INPUT_UNREADABLE, and what reading inputs throws.
 */
export async function readPullSecrets(inputs: readonly string[]): Promise<object[]> {
  const files: object[] = []
  for await (const document of readInputs(inputs.filter((input) => input !== '-'))) {
    if (document.form !== 'manifest') continue
    for (const { kind, value } of resourcesOf(document))
      if (kind === 'Secret') files.push(...authFilesOf(value, document.file))
  }
  return files
}

function authFilesOf(secret: Readonly<Record<string, unknown>>, file: string): object[] {
  const { key = '', isWhole } = PULL_SECRETS[String(secret.type)] ?? {}
  const plain = textAt(secret.stringData, key)
  const encoded = textAt(secret.data, key)
  const text = plain ?? (encoded && Buffer.from(encoded, 'base64').toString('utf8'))
  if (!text) return []
  const value = parseAuthFile(text, `${file}: a pull secret`)
  return [isWhole ? value : { auths: value }]
}

function textAt(map: unknown, key: string): string | undefined {
  const value = (map as Record<string, unknown> | undefined)?.[key]
  return typeof value === 'string' ? value : undefined
}
