import { onEarlyEnd } from '../../early-end.ts'
import { ManifestCacheFile } from '../../layout/manifest-cache-file.ts'
import { countOf } from '../../plural.ts'
import { sayKept } from '../output/ending.ts'

/**
 * Runs with the manifests that an earlier run to the same output kept. They go when the run ends well; where they stay,
 * that is said.
 */
export async function withManifestCache<T>(output: string, run: (kept: ManifestCacheFile) => Promise<T>): Promise<T> {
  const cache = await ManifestCacheFile.open(output)
  const endEarly = () => {
    if (cache.kept > 0) sayKept(`kept ${cache.path} (${countOf(cache.kept, 'document')}); the same command goes on`)
  }
  const forget = onEarlyEnd(endEarly)
  try {
    const result = await run(cache)
    await cache.remove()
    return result
  } finally {
    forget()
    await cache.settle()
    endEarly()
  }
}
