import { criForm, findReference, parseReference } from '../../oci/reference.ts'

/** A store of images on this machine, and how its own programs are asked. */
export interface LocalStore {
  readonly scheme: string
  /** The first of them that is here is used. */
  readonly clients: readonly StoreClient[]
  /** What to install, or do elsewhere. */
  readonly hint: string
}

export interface StoreClient {
  readonly program: string
  /** Lists every name, one a line. */
  readonly list: readonly string[]
  /** Writes images by their names in the store to a file. */
  readonly save: (file: string, names: readonly string[]) => readonly string[]
}

const FORMAT = ['--format', '{{.Repository}}:{{.Tag}}']
const ctr = (words: readonly string[]): Omit<StoreClient, 'program'> => ({
  list: [...words, 'images', 'list', '--quiet'],
  save: (file, names) => [...words, 'images', 'export', file, ...names],
})

export const LOCAL_STORES: readonly LocalStore[] = [
  {
    scheme: 'docker-daemon',
    clients: [
      {
        program: 'docker',
        list: ['image', 'ls', ...FORMAT],
        save: (file, names) => ['image', 'save', '--output', file, ...names],
      },
    ],
    hint: 'Where docker is: docker save -o FILE NAME; then name that file with --from.',
  },
  {
    scheme: 'containers-storage',
    clients: [
      {
        program: 'podman',
        list: ['image', 'ls', ...FORMAT],
        // Its own form: layers as they are stored, so that the same image has the same digest each time.
        save: (file, names) => [
          'image',
          'save',
          '--format',
          'docker-archive',
          '--multi-image-archive',
          '--output',
          file,
          ...names,
        ],
      },
    ],
    hint: 'Where podman is: podman save --format docker-archive -o FILE NAME; then name that file with --from.',
  },
  {
    scheme: 'containerd',
    clients: [
      { program: 'ctr', ...ctr(['--namespace', process.env.CONTAINERD_NAMESPACE ?? 'k8s.io']) },
      { program: 'k3s', ...ctr(['ctr', '--namespace', 'k8s.io']) },
    ],
    hint: 'Where containerd is: ctr -n k8s.io images export FILE NAME; then name that file with --from.',
  },
]

/** The name in a store's list that people mean by one: as a runtime reads it, or as podman names what it built. */
export function storedName(listed: readonly string[], wanted: string): string | undefined {
  const form = criForm(parseReference(wanted))
  const local = form.replace(/^docker\.io\/(?:library\/)?/, 'localhost/')
  const forms = new Map(listed.map((name) => [normalized(name), name]))
  return forms.get(form) ?? forms.get(local)
}

function normalized(name: string): string {
  const reference = findReference(name)
  return reference ? criForm(reference) : name
}
