import { type ImageFailure, ImagesFailedError } from '../../bundle/failure.ts'
import { ExpectedError } from '../../errors.ts'
import { credentialsFrom } from '../../registry/auth/credentials.ts'
import { readPullSecrets } from './pull-secrets.ts'

/**
 * The same failure; where a registry asked for credentials, and a pull secret among the inputs is for it, with the flag
 * that shows it.
 */
export async function withPullSecretHint(
  error: unknown,
  inputs: readonly string[],
  flags: { readonly 'use-pull-secrets': boolean },
): Promise<unknown> {
  if (!(error instanceof ImagesFailedError) || flags['use-pull-secrets']) return error
  const isRefused = ({ error: one }: ImageFailure) => one.code === 'UNAUTHORIZED' && one.data.registry !== undefined
  if (!error.failures.some(isRefused)) return error
  const secrets = await readPullSecrets(inputs).catch(() => [])
  const find = credentialsFrom(secrets, async () => undefined)
  const hinted = error.failures.map(async (failure) => {
    const { registry } = failure.error.data
    if (!isRefused(failure) || registry === undefined || !(await find(registry, ''))) return failure
    const hint = `A pull secret among the inputs is for ${registry}: add --use-pull-secrets`
    const { code, message, data } = failure.error
    return { ...failure, error: new ExpectedError(code, message, { ...data, hint, cause: failure.error }) }
  })
  return error.withFailures(await Promise.all(hinted))
}
