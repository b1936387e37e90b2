import { formatPath, type Path } from '../../kubernetes/documents/path.ts'
import { podImages } from '../../kubernetes/objects/pod-images.ts'
import type { Workload } from '../../kubernetes/objects/workload.ts'
import type { ScannedImage } from './scanned-image.ts'

/** How the image of a container may be found; a rule can name its field too. */
const OF_A_POD: ReadonlySet<string> = new Set(['podSpec', 'rule'])

/**
 * Tells the images that judged pods start themselves from all others. What only stands inside a pod's template, such as
 * an argument, is another pod's image: nobody judges where that one goes. To be asked once for each image that was found:
 * where a resource is there twice, each judged place accounts for one.
 */
export function judgedPlaces(workloads: readonly Workload[]): (image: ScannedImage) => boolean {
  const places = new Map<string, number>()
  for (const workload of workloads) {
    const { resource, templatePath, podSpec } = workload
    const owner = ownerOf(workload)
    for (const { reference, path } of podImages(podSpec)) {
      const key = keyOf(resource.document.file, owner, [...templatePath, 'spec', ...path], reference)
      places.set(key, (places.get(key) ?? 0) + 1)
    }
  }
  return ({ file, workload, path, reference, layer }) => {
    if (!OF_A_POD.has(layer)) return false
    const key = keyOf(file, workload, path, reference)
    const left = places.get(key) ?? 0
    if (left > 0) places.set(key, left - 1)
    return left > 0
  }
}

/** The resource of a workload as a scan names it: where one has several templates, their places are part of the names. */
export function ownerOf({ resource, templatePath }: Workload): ScannedImage['workload'] {
  const { apiVersion, kind, namespace, name } = resource
  const suffix = ` ${formatPath(templatePath)}`
  return { apiVersion, kind, namespace, name: name.endsWith(suffix) ? name.slice(0, -suffix.length) : name }
}

function keyOf(
  file: string,
  { kind, namespace, name }: ScannedImage['workload'],
  path: Path,
  reference: string,
): string {
  return [file, kind, namespace, name, reference, ...path].join('\0')
}
