import { onEarlyEnd } from '../../early-end.ts'
import { ManifestCacheFile } from '../../layout/manifest-cache-file.ts'
import { countOf } from '../../plural.ts'

/**
 * Runs with the manifests that an earlier run to the same output kept. They go when the run ends well; where they stay,
 * that is said.
 */
export async function withManifestCache<T>(output: string, run: (kept: ManifestCacheFile) => Promise<T>): Promise<T> {
  const cache = await ManifestCacheFile.open(output)
  const sayKept = () => {
    if (cache.kept > 0)
      process.stderr.write(`kept ${cache.path} (${countOf(cache.kept, 'document')}); the same command goes on\n`)
  }
  const forget = onEarlyEnd(sayKept)
  try {
    const result = await run(cache)
    await cache.remove()
    return result
  } finally {
    forget()
    await cache.settle()
    sayKept()
  }
}
