import type { Finding } from '../../finding.ts'
import { isObject, type Resource } from '../../kubernetes/objects/resource.ts'
import { isImageList } from '../classify/listed-lines.ts'
import { AUTO } from '../classify/placeholders.ts'
import { sameRepository } from '../classify/repository-address.ts'
import type { ImageUse } from '../uses/image-use.ts'
import { joinCollected } from './collected.ts'
import { NamedResources } from './named-resources.ts'

/** What may stand elsewhere in the inputs. */
export type Settling =
  /** Manifests at a path of a repository, of which the inputs may be a copy. */
  | { readonly form: 'tree'; readonly repository: string; readonly path: string }
  /** An ImageStream whose tag names an image of a registry: `nodejs:18`. */
  | { readonly form: 'stream'; readonly name: string; readonly namespace: string | undefined }
  /** A resource of one of these kinds, or of any where there is none, with that name or, as `name.1.2`, that beginning. */
  | {
      readonly form: 'named'
      readonly kinds: readonly string[]
      readonly name: string
      readonly isPrefix: boolean
      readonly namespace: string | undefined
    }
  /** A list of images of that name, a file or a key of a ConfigMap. */
  | { readonly form: 'list'; readonly name: string }
  /** A file or directory at such a path, whatever it is below. */
  | { readonly form: 'path'; readonly path: string }
  /** An image of such a repository. */
  | { readonly form: 'image'; readonly repository: RegExp }
  /** The image that Knative puts beside the containers of a service. */
  | { readonly form: 'queueProxy' }

/** An omission, and what in the inputs would make it none. */
export interface OpenOmission {
  readonly finding: Finding
  readonly unless: Settling
}

/** Images of which a script says no more than the file that lists them: `$(cat images.txt)`; and those that Istio fills in. */
export function unlessListed(finding: Finding, text: string): OpenOmission[] {
  if (text === AUTO) return [{ finding, unless: { form: 'image', repository: /(?:^|\/)proxyv2$/ } }]
  const file = /^\$\(cat ([^\s()]+)\)$/.exec(text)?.[1]
  const name = file?.slice(file.lastIndexOf('/') + 1)
  return name ? [{ finding, unless: { form: 'list', name } }] : []
}

interface SettlingNotes {
  readonly open: OpenOmission[]
  readonly files: Set<string>
  readonly streams: { readonly name: string; readonly namespace: string | undefined }[]
  readonly named: NamedResources['noted']
  readonly lists: Set<string>
  /** Of files, without their directories. */
  readonly names: Set<string>
  hasQueueProxy: boolean
}

/** Collects omissions that other parts of the inputs may settle, and what these parts are. */
export class Settlings {
  readonly #noted: Omit<SettlingNotes, 'named'> = {
    ...{ open: [], files: new Set(), streams: [], lists: new Set(), names: new Set(), hasQueueProxy: false },
  }
  readonly #named = new NamedResources()

  get noted(): SettlingNotes {
    return { ...this.#noted, named: this.#named.noted }
  }

  /** Takes what was noted of later parts of the inputs. */
  join({ named, ...later }: SettlingNotes): void {
    joinCollected(this.#noted, later)
    this.#named.join(named)
  }

  wait(open: readonly OpenOmission[]): void {
    for (const one of open) this.#noted.open.push(one)
  }

  noteFile(file: string): void {
    this.#noted.files.add(file)
    this.#noted.names.add(file.slice(file.lastIndexOf('/') + 1))
  }

  /** Takes a file that is a list of images, whose images are known. */
  noteList(file: string): void {
    this.#noted.lists.add(file.slice(file.lastIndexOf('/') + 1))
  }

  note(resource: Resource): void {
    const { kind, apiVersion, name, namespace, value } = resource
    this.#named.note(resource)
    if (kind === 'ImageStream' && apiVersion.startsWith('image.openshift.io/')) {
      for (const tag of tagsOf(value)) this.#noted.streams.push({ name: `${name}:${tag}`, namespace })
    }
    if (kind === 'ConfigMap' && isObject(value.data)) {
      const { data } = value
      for (const key of Object.keys(data)) this.#noted.names.add(key)
      for (const [key, text] of Object.entries(data)) if (isList(text)) this.#noted.lists.add(key)
      this.#noted.hasQueueProxy ||= ['queue-sidecar-image', 'queueSidecarImage'].some(
        (key) => typeof data[key] === 'string',
      )
    }
  }

  /** The omissions that are none, as the inputs of these names hold what they leave out, or use such images. */
  settled(inputs: readonly string[], uses: readonly Pick<ImageUse, 'image'>[]): ReadonlySet<Finding> {
    const own = this.#ownRepository(inputs)
    const asksImages = this.#noted.open.some(({ unless }) => unless.form === 'image')
    const repositories = asksImages ? new Set(uses.map(({ image = '' }) => repositoryIn(image))) : new Set<string>()
    const isHere = (unless: Settling) =>
      unless.form === 'image'
        ? repositories.values().some((one) => unless.repository.test(one))
        : this.#isHere(unless, inputs, own)
    return new Set(this.#noted.open.flatMap(({ finding, unless }) => (isHere(unless) ? [finding] : [])))
  }

  #isHere(
    unless: Exclude<Settling, { readonly form: 'image' }>,
    inputs: readonly string[],
    own: string | undefined,
  ): boolean {
    switch (unless.form) {
      case 'tree':
        return sameRepository(unless.repository) === own && this.#holds(unless.path, inputs)
      case 'stream':
        return this.#noted.streams.some(
          ({ name, namespace }) =>
            name === unless.name &&
            (namespace === undefined || unless.namespace === undefined || namespace === unless.namespace),
        )
      case 'named':
        return this.#named.has(unless)
      case 'list':
        return this.#noted.lists.has(unless.name) || this.#noted.names.has(unless.name)
      case 'path':
        return this.#isRead(unless.path, inputs)
      case 'queueProxy':
        return this.#noted.hasQueueProxy
    }
  }

  /** Whether something was read at or below a path, of which only the end is known; a key of a ConfigMap is a file. */
  #isRead(path: string, inputs: readonly string[]): boolean {
    if (path === '') return this.#noted.files.size > 1
    if (!path.includes('/') && this.#noted.names.has(path)) return true
    if (inputs.some((input) => `/${input.replace(/\/+$/, '')}`.endsWith(`/${path}`))) return true
    return this.#noted.files.values().some((file) => `/${file}/`.includes(`/${path}/`))
  }

  /** The inputs are a copy of one repository: of those whose paths they hold the one that has most of them, if any. */
  #ownRepository(inputs: readonly string[]): string | undefined {
    const counts = new Map<string, number>()
    for (const { unless } of this.#noted.open) {
      if (unless.form !== 'tree' || !this.#holds(unless.path, inputs)) continue
      const repository = sameRepository(unless.repository)
      counts.set(repository, (counts.get(repository) ?? 0) + 1)
    }
    const [first, second] = [...counts].sort(([, a], [, b]) => b - a)
    return first && first[1] !== second?.[1] ? first[0] : undefined
  }

  /** Whether something was read below such a path of an input, or an input is that path. */
  #holds(path: string, inputs: readonly string[]): boolean {
    const directory = plain(path)
    if (directory === '') return false
    return inputs.some((input) => {
      const root = input.replace(/\/+$/, '')
      const isItself = root === directory || root.endsWith(`/${directory}`)
      const below = isItself ? root : root === '.' || root === '' ? directory : `${root}/${directory}`
      return [...this.#noted.files].some((file) =>
        [below, `./${below}`].some((at) => file === at || file.startsWith(`${at}/`)),
      )
    })
  }
}

/** An image without its tag and digest. */
function repositoryIn(image: string): string {
  return image.replace(/(?::[\w.-]{1,128})?(?:@.*)?$/, '')
}

/** Most texts are told at a glance to be none. */
function isList(text: unknown): boolean {
  return typeof text === 'string' && /^\s*[\w.:-]+\/\S+\s*(?:\n|$)/.test(text) && isImageList(text)
}

function plain(path: string): string {
  return path.replace(/^(?:\.?\/)+|\/+$/g, '').replace(/^\.$/, '')
}

/** The tags of a stream that name an image of a registry. */
function tagsOf({ spec }: Resource['value']): string[] {
  if (!isObject(spec) || !Array.isArray(spec.tags)) return []
  return spec.tags.flatMap((tag) => {
    const from = isObject(tag) && isObject(tag.from) ? tag.from : {}
    return isObject(tag) && from.kind === 'DockerImage' && typeof tag.name === 'string' ? [tag.name] : []
  })
}
