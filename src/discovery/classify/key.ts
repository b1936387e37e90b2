/** What a key, an environment variable or a flag says about its value, by its words. */
export type KeyRole =
  /** The value is an image: `image`, `sidecarImage`, `RELATED_IMAGE_X`, `image_url`. */
  | 'image'
  /** The value holds images: `images`, `initImages`. */
  | 'images'
  /** One part of a reference: `repository`, `registry`, `hub`; `tag`, `version`, `digest`, `name`. */
  | 'repository'
  | 'registry'
  | 'tag'
  | 'version'
  | 'digest'
  | 'name'
  /** Has the word image somewhere, and may mean one: `queueSidecarImageX`. */
  | 'mention'
  /** Is about an image without being one, or names what is produced: `imagePullPolicy`, `destination`. */
  | 'never'
  | 'other'

export interface Key {
  readonly role: KeyRole
  /** The words that are left without those of the role: `INIT_DB_IMAGE_TAG` has `init db`. */
  readonly stem: string
  /** Whether the word image is in it, so that a tag or version is surely one of an image. */
  readonly ofImage: boolean
}

/** Words that follow `image` and change nothing about it. */
const NEUTRAL = new Set(['ref', 'reference', 'name', 'url', 'uri'])

/** Words before `image` that only say what sort of image: `baseImage` goes with `version`, `docker_image` with `tag`. */
const SORTS = new Set(['base', 'docker', 'container', 'server', 'oci', 'image', 'images'])

/** Words that make of `image` something that is no image. */
const PROPERTIES = new Set(
  `pull policy secret secrets format quality size interval duration frequency timeout deadline limit limits count enabled
  disabled prefix suffix mode user username password dir directory cache gc stream streams volume mount type arch
  architecture platform os config build builder builds puller label labels annotations selector file files scan scanner
  scanning inspector threshold age period retention registries allowlist`.split(/\s+/),
)

/** Words behind `image` that only say that a map describes one: `imageSpec: {repo: …, version: …}`. */
const DESCRIBING = new Set(
  'spec settings setting info source options details definition config configuration data params parameters'.split(' '),
)

/** Keys whose values are made, sent or compared, not pulled. */
const PRODUCED = new Set(
  'destination destinations output outputs push exclude excluded exempt ignore ignored denied blocked'.split(' '),
)

const PARTS: ReadonlyMap<string, KeyRole> = new Map([
  ['repository', 'repository'],
  ['repo', 'repository'],
  ['registry', 'registry'],
  ['hub', 'registry'],
  ['tag', 'tag'],
  ['version', 'version'],
  ['ver', 'version'],
  ['digest', 'digest'],
  ['sha', 'digest'],
  ['sha256', 'digest'],
  ['name', 'name'],
])

/** Short forms that scripts have. */
const SHORT: ReadonlyMap<string, string> = new Map([
  ['img', 'image'],
  ['imgs', 'images'],
])

/** A ConfigMap's keys are file names: `images.json` holds images. */
const FILE_EXTENSION = /\.(?:ya?ml|json|conf|txt|env|properties|toml|ini)$/i

const known = new Map<string, Key>()

/** No API, program or file system takes names beyond; the words of a longer one mean nothing. */
const MAX_KEY = 512
const OTHER: Key = { role: 'other', stem: '', ofImage: false }

/** Reads a key by its words; camelCase, snake_case, kebab-case and dots all separate words. */
export function readKey(text: string): Key {
  if (text.length > MAX_KEY) return OTHER
  let key = known.get(text)
  if (!key) {
    key = classify(wordsOf(text.replace(FILE_EXTENSION, '')))
    if (known.size < 100_000) known.set(text, key)
  }
  return key
}

/** The words of a key, in lower case. */
export function wordsOf(text: string): string[] {
  return text
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .split(/[^A-Za-z0-9]+/)
    .filter(Boolean)
    .map((word) => SHORT.get(word.toLowerCase()) ?? word.toLowerCase())
}

/** Whether a map below a key is the description of one image, whose parts stand in it. */
export function describesImage(text: string): boolean {
  const { role, ofImage } = readKey(text)
  if (role === 'image' || role === 'images') return true
  return ofImage && DESCRIBING.has(wordsOf(text).at(-1) ?? '') && /^images?$/.test(wordsOf(text).at(-2) ?? '')
}

function classify(words: string[]): Key {
  const ofImage = words.some((word) => word === 'image' || word === 'images')
  const make = (role: KeyRole, stemWords: string[]): Key => ({
    role,
    stem: stemWords.filter((word) => !SORTS.has(word)).join(' '),
    ofImage,
  })
  // A bundle is an artifact with definitions in it.
  if (isProduced(words, ofImage) || words.join(' ') === 'bundle') return make('never', words)
  // `image-list.txt`, `IMAGE_LIST`
  if (/^lists?$/.test(words.at(-1) ?? '') && /^images?$/.test(words.at(-2) ?? ''))
    return make('images', words.slice(0, -2))
  const last = words.at(-1) ?? ''
  if (last === 'image') return make('image', words.slice(0, -1))
  if (last === 'images') return make('images', words.slice(0, -1))
  if (words[0] === 'related' && words[1] === 'image') return make('image', words)
  const image = words.lastIndexOf('image')
  const after = image >= 0 ? words.slice(image + 1) : []
  // `EXECUTOR_IMAGE_AND_VERSION` is a whole reference.
  if (after[0] === 'and') return make('image', words.slice(0, image))
  const part = partOf(words)
  if (part && !(part.role === 'name' && after.length > 0)) return make(part.role, part.stem)
  if (image >= 0 && isNeutral(after)) return make('image', words.slice(0, image))
  if (ofImage) return make(after.some((word) => PROPERTIES.has(word)) ? 'never' : 'mention', words)
  return make('other', words)
}

/** Of an image only the words beside it say so: `PUSH_IMAGE` is pushed, `PUSH_GATEWAY_IMAGE` is the push gateway's. */
function isProduced(words: readonly string[], ofImage: boolean): boolean {
  if (!ofImage) return words.some((word) => PRODUCED.has(word))
  return words.some(
    (word, at) => /^images?$/.test(word) && (PRODUCED.has(words[at - 1] ?? '') || PRODUCED.has(words[at + 1] ?? '')),
  )
}

/** Also `imagePullSpec`, which is a reference where `imagePullPolicy` is none. */
function isNeutral(after: readonly string[]): boolean {
  return after.every((word) => NEUTRAL.has(word)) || after.join(' ') === 'pull spec' || after.join(' ') === 'pullspec'
}

const ADDRESS = new Set('url uri host hostname path prefix server domain address endpoint'.split(' '))

/** The part of a reference that the last words name: also `repo url` and `registry host`. */
function partOf(words: string[]): { role: KeyRole; stem: string[] } | undefined {
  const last = words.at(-1) ?? ''
  const role = PARTS.get(last)
  if (role) return { role, stem: words.slice(0, -1) }
  const before = PARTS.get(words.at(-2) ?? '')
  if (ADDRESS.has(last) && (before === 'repository' || before === 'registry')) {
    return { role: 'registry', stem: words.slice(0, -2) }
  }
  // `registryUrl` with `imagePath`
  if (last === 'path' && words.at(-2) === 'image') return { role: 'repository', stem: words.slice(0, -2) }
  return undefined
}
