import { expect, test } from 'vitest'
import { ExpectedError } from '../../src/errors.ts'
import { defaultPullPolicy, effectivePullPolicy } from '../../src/kubernetes/objects/pull-policy.ts'
import { criForm, findReference, formatReference, parseReference } from '../../src/oci/reference.ts'
import { fc, runs } from '../support/property.ts'

const HEX = '0123456789abcdef'.repeat(4)
const D = `sha256:${HEX}`
const D512 = `sha512:${HEX}${HEX}`

// What distribution/reference v0.6.0 and the kubelet make of each text.
test.for<[text: string, domain: string, path: string, tag: string, digest: string, image: string, policy: string]>([
  ['nginx', 'docker.io', 'library/nginx', '', '', 'docker.io/library/nginx:latest', 'Always'],
  ['nginx:1.27', 'docker.io', 'library/nginx', '1.27', '', 'docker.io/library/nginx:1.27', 'IfNotPresent'],
  ['nginx:latest', 'docker.io', 'library/nginx', 'latest', '', 'docker.io/library/nginx:latest', 'Always'],
  [`nginx@${D}`, 'docker.io', 'library/nginx', '', D, `docker.io/library/nginx@${D}`, 'IfNotPresent'],
  [`nginx:1.27@${D}`, 'docker.io', 'library/nginx', '1.27', D, `docker.io/library/nginx@${D}`, 'IfNotPresent'],
  [`nginx:latest@${D}`, 'docker.io', 'library/nginx', 'latest', D, `docker.io/library/nginx@${D}`, 'Always'],
  [`nginx@${D512}`, 'docker.io', 'library/nginx', '', D512, `docker.io/library/nginx@${D512}`, 'IfNotPresent'],
  ['library/nginx:1', 'docker.io', 'library/nginx', '1', '', 'docker.io/library/nginx:1', 'IfNotPresent'],
  ['docker.io/nginx', 'docker.io', 'library/nginx', '', '', 'docker.io/library/nginx:latest', 'Always'],
  ['index.docker.io/nginx:1', 'docker.io', 'library/nginx', '1', '', 'docker.io/library/nginx:1', 'IfNotPresent'],
  [
    'registry-1.docker.io/library/nginx:1',
    'registry-1.docker.io',
    'library/nginx',
    '1',
    '',
    'registry-1.docker.io/library/nginx:1',
    'IfNotPresent',
  ],
  ['foo/bar', 'docker.io', 'foo/bar', '', '', 'docker.io/foo/bar:latest', 'Always'],
  ['foo/bar/baz:v1', 'docker.io', 'foo/bar/baz', 'v1', '', 'docker.io/foo/bar/baz:v1', 'IfNotPresent'],
  [
    'library/library/nginx',
    'docker.io',
    'library/library/nginx',
    '',
    '',
    'docker.io/library/library/nginx:latest',
    'Always',
  ],
  ['localhost/app', 'localhost', 'app', '', '', 'localhost/app:latest', 'Always'],
  ['localhost:5000/app', 'localhost:5000', 'app', '', '', 'localhost:5000/app:latest', 'Always'],
  ['localhost:5000', 'docker.io', 'library/localhost', '5000', '', 'docker.io/library/localhost:5000', 'IfNotPresent'],
  ['localhost', 'docker.io', 'library/localhost', '', '', 'docker.io/library/localhost:latest', 'Always'],
  ['myhost/app:v1', 'docker.io', 'myhost/app', 'v1', '', 'docker.io/myhost/app:v1', 'IfNotPresent'],
  ['myhost:5000/app', 'myhost:5000', 'app', '', '', 'myhost:5000/app:latest', 'Always'],
  ['MyHost/app:v1', 'MyHost', 'app', 'v1', '', 'MyHost/app:v1', 'IfNotPresent'],
  ['ghcr.io/a/b:V1', 'ghcr.io', 'a/b', 'V1', '', 'ghcr.io/a/b:V1', 'IfNotPresent'],
  ['10.0.0.1:5000/ns/app:1.2', '10.0.0.1:5000', 'ns/app', '1.2', '', '10.0.0.1:5000/ns/app:1.2', 'IfNotPresent'],
  ['[fd00::1]:5000/ns/app:v1', '[fd00::1]:5000', 'ns/app', 'v1', '', '[fd00::1]:5000/ns/app:v1', 'IfNotPresent'],
  ['[fd00::1]/app', '[fd00::1]', 'app', '', '', '[fd00::1]/app:latest', 'Always'],
  ['example.com', 'docker.io', 'library/example.com', '', '', 'docker.io/library/example.com:latest', 'Always'],
  [
    'example.com:5000',
    'docker.io',
    'library/example.com',
    '5000',
    '',
    'docker.io/library/example.com:5000',
    'IfNotPresent',
  ],
  [`sha256:${HEX}`, 'docker.io', 'library/sha256', HEX, '', `docker.io/library/sha256:${HEX}`, 'IfNotPresent'],
  [`docker.io/${HEX}`, 'docker.io', `library/${HEX}`, '', '', `docker.io/library/${HEX}:latest`, 'Always'],
  ['app:_x', 'docker.io', 'library/app', '_x', '', 'docker.io/library/app:_x', 'IfNotPresent'],
  ['a__b/c--d_e.f:v1', 'docker.io', 'a__b/c--d_e.f', 'v1', '', 'docker.io/a__b/c--d_e.f:v1', 'IfNotPresent'],
  ['xn--n3h.com/app', 'xn--n3h.com', 'app', '', '', 'xn--n3h.com/app:latest', 'Always'],
  ['foo_bar.com/app:v1', '', 'foo_bar.com/app', 'v1', '', 'foo_bar.com/app:v1', 'IfNotPresent'],
  [
    `app:${'t'.repeat(128)}`,
    'docker.io',
    'library/app',
    't'.repeat(128),
    '',
    `docker.io/library/app:${'t'.repeat(128)}`,
    'IfNotPresent',
  ],
  [
    'a'.repeat(247),
    'docker.io',
    `library/${'a'.repeat(247)}`,
    '',
    '',
    `docker.io/library/${'a'.repeat(247)}:latest`,
    'Always',
  ],
])('%s', ([text, domain, path, tag, digest, image, policy]) => {
  const reference = parseReference(text)
  expect(reference).toEqual({ domain, path, tag: tag || undefined, digest: digest || undefined })
  expect(criForm(reference)).toBe(image)
  expect(defaultPullPolicy(text)).toBe(policy)
})

test.for<[text: string, reason: string]>([
  ['Nginx', 'repository name (library/Nginx) must be lowercase'],
  ['quay.io/Org/app:v1', 'repository name (Org/app) must be lowercase'],
  [HEX, 'a name cannot be 64 hexadecimal characters'],
  ['app:', 'invalid reference format'],
  ['app:-x', 'invalid reference format'],
  ['app:1:2', 'invalid reference format'],
  [`app@${D}:tag`, 'invalid reference format'],
  ['nginx:1.27@sha256:abcd', 'invalid reference format'],
  ['nginx@md5:0123456789abcdef0123456789abcdef', 'unsupported digest algorithm'],
  ['nginx@foo:0123456789abcdef0123456789abcdef', 'unsupported digest algorithm'],
  [`nginx@sha256:${HEX}00`, 'invalid checksum digest length'],
  [`nginx@sha256:${HEX.toUpperCase()}`, 'invalid checksum digest format'],
  ['a..b/app', 'invalid reference format'],
  ['a___b', 'invalid reference format'],
  ['-app', 'invalid reference format'],
  ['app-', 'invalid reference format'],
  ['app_:v1', 'invalid reference format'],
  [' nginx', 'invalid reference format'],
  ['nginx ', 'invalid reference format'],
  ['https://docker.io/nginx', 'invalid reference format'],
  ['docker://nginx', 'invalid reference format'],
  ['example.com/', 'invalid reference format'],
  ['example.com//app', 'invalid reference format'],
  ['/app', 'invalid reference format'],
  ['example.com:port/app', 'invalid reference format'],
  ['example.com./app', 'invalid reference format'],
  ['foo_bar.com:5000/app', 'invalid reference format'],
  ['exämple.com/app', 'invalid reference format'],
  [`app:${'t'.repeat(129)}`, 'invalid reference format'],
  [`example.com/${'a'.repeat(256)}`, 'repository name is longer than 255 characters'],
  ['a'.repeat(248), 'repository name is longer than 255 characters'],
  ['$IMAGE', 'repository name (library/$IMAGE) must be lowercase'],
  ['{{ .Values.image }}', 'repository name (library/{{ .Values.image }}) must be lowercase'],
  ['${REGISTRY}/app:v1', 'invalid reference format'],
  ['', 'invalid reference format'],
])('%s is no reference', ([text, reason]) => {
  const message = `not an image reference: ${JSON.stringify(text)}: ${reason}`
  expect(() => parseReference(text)).toThrow(expect.objectContaining({ code: 'REFERENCE_INVALID', message }))
  expect(findReference(text)).toBeUndefined()
  expect(defaultPullPolicy(text)).toBe('IfNotPresent')
})

test('a stored policy stands, whatever the tag; an empty one counts as none', () => {
  expect(effectivePullPolicy('Always', 'nginx:1')).toBe('Always')
  expect(effectivePullPolicy('Never', 'nginx')).toBe('Never')
  expect(effectivePullPolicy('', 'nginx')).toBe('Always')
  expect(effectivePullPolicy(undefined, 'nginx:1')).toBe('IfNotPresent')
})

const component = fc.stringMatching(/^[a-z0-9]{1,6}(?:(?:[._]|__|-{1,2})[a-z0-9]{1,4}){0,2}$/)
const domain = fc.stringMatching(
  /^(?:[a-zA-Z0-9]{1,5}(?:\.[a-zA-Z0-9-]{0,3}[a-z0-9])?|\[[a-f0-9:]{2,8}\])(?::[0-9]{1,5})?$/,
)
const tag = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}$/)
const digest = fc.stringMatching(/^sha256:[0-9a-f]{64}$/)

const referenceText = fc
  .tuple(fc.option(domain), fc.array(component, { minLength: 1, maxLength: 4 }), fc.option(tag), fc.option(digest))
  .map(
    ([host, path, label, hash]) =>
      `${host ? `${host}/` : ''}${path.join('/')}${label ? `:${label}` : ''}${hash ? `@${hash}` : ''}`,
  )

test('a reference formatted and parsed again is the same reference', () => {
  fc.assert(
    fc.property(referenceText, (text) => {
      const reference = findReference(text)
      if (!reference?.domain) return
      expect(parseReference(formatReference(reference))).toEqual(reference)
      expect(criForm(parseReference(criForm(reference)))).toBe(criForm(reference))
    }),
    { numRuns: runs(2000) },
  )
})

test('any text is a reference or an ExpectedError', () => {
  const hostile = fc.oneof(
    fc.string({ maxLength: 300 }),
    fc.string({
      unit: fc.constantFrom('a', 'A', '0', '.', '_', '-', '/', ':', '@', '[', ']', 'sha256:'),
      maxLength: 300,
    }),
  )
  fc.assert(
    fc.property(hostile, (text) => {
      try {
        parseReference(text)
      } catch (error) {
        expect(error).toBeInstanceOf(ExpectedError)
      }
    }),
    { numRuns: runs(3000) },
  )
})

test.for([
  ['a'.repeat(40_000)],
  ['a-'.repeat(20_000)],
  ['a.'.repeat(20_000)],
  ['a/'.repeat(20_000)],
  [`${'[:'.repeat(9_000)}/a`],
  ['@'.repeat(9_000)],
])('a long hostile text is refused without hanging (%#)', ([text = '']) => {
  expect(findReference(text)).toBeUndefined()
})
