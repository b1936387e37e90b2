import { expect, test } from 'vitest'
import { listLikeness } from '../../src/discovery/listed/list-likeness.ts'
import { scanDocument } from '../../src/discovery/scan.ts'

const DIGEST = `@sha256:${'a'.repeat(64)}`

test.for<[why: string, name: string, text: string, likeness: string]>([
  ['references with versions', 'a.txt', '# all\n\nquay.io/a/b:1\nnginx:1.27 # web\n', 'list'],
  ['digests', 'a.txt', `quay.io/a/b${DIGEST}\n`, 'list'],
  ['lines of Windows', 'a.txt', 'quay.io/a/b:1\r\nquay.io/a/c:2\r\n', 'list'],
  ['some without a version', 'a.txt', 'quay.io/a/b:1\nquay.io/a/c:2\nbusybox\n', 'list'],
  ['what skopeo takes', 'a.txt', 'docker://quay.io/a/b:1\ndocker://nginx:1.27\n', 'list'],
  ['entries of a list', 'a.txt', '- quay.io/a/b:1\n- "nginx:1.27"\n', 'list'],
  ['entries with commas', 'a.txt', '"quay.io/a/b:1",\n"nginx:1.27"\n', 'list'],
  ['how often each was seen', 'a.txt', '     12 quay.io/a/b:1\n      1 nginx:1.27\n', 'list'],
  [
    'what docker has',
    'a.txt',
    'REPOSITORY   TAG    IMAGE ID       CREATED      SIZE\nnginx  1.27  ab12  2 weeks ago  1MB\n',
    'list',
  ],
  ['what a node has', 'a', 'IMAGE            TAG   IMAGE ID   SIZE\nquay.io/a/b   1   ab12   1MB\n', 'list'],
  [
    'what containerd has',
    'a',
    'REF TYPE DIGEST SIZE PLATFORMS LABELS \nquay.io/a/b:1 x sha256:1 1 MiB linux/amd64 -\n',
    'list',
  ],
  ['one line that is no reference', 'a.txt', 'quay.io/a/b:1\nquay.io/a/c:2\nquay.io/A:1\n', 'unsure'],
  ['columns', 'a.txt', 'quay.io/a/b:1 b.tar\nquay.io/a/c:2 c.tar\n', 'unsure'],
  ['columns behind names', 'a.txt', 'web=quay.io/a/b:1\ndb,quay.io/a/c:2\n', 'unsure'],
  ['a text that says images', 'images.md.txt', 'These are used:\nall of them\nquay.io/a/b:1\n', 'unsure'],
  ['a text that mentions one', 'notes.txt', 'These are used:\nall of them\nquay.io/a/b:1\n', 'none'],
  ['names without a version', 'words.txt', 'apple\nbanana\nx/y\n', 'none'],
  ['files', 'MANIFEST.txt', 'src/main.go\ndocs/a.md\nbin/a:b.txt\n', 'none'],
  ['requirements of Python', 'requirements.txt', 'flask==1.0\nredis>=4\n', 'none'],
  ['modules', 'deps.txt', 'github.com/a/b v1.2.3\ngolang.org/x/mod@v0.1.0\n', 'none'],
  ['hosts and ports', 'hosts', '10.0.0.1 a\nlocalhost:8080\ndb.example.com:5432\n', 'none'],
  ['accounts', 'passwd', 'root:x\nweb:secret\n', 'none'],
  ['nothing', 'images.txt', '# none\n\n', 'none'],
])('%s', ([, name, text, likeness]) => {
  expect(listLikeness(text, name)).toBe(likeness)
})

test('a list gives its images without what surrounds them, each with its line', () => {
  const images = (text: string) => {
    const { uses, findings } = scanDocument({ form: 'list', file: 'a.txt', line: 1, text })
    return [...uses.map(({ line, reference }) => `${line} ${reference}`), ...findings.map(({ message }) => message)]
  }
  expect(images('docker://a/b:1\n- "a/c:2"\n"a/d:3", # d\n   4 a/e:5\n')).toEqual([
    ...['1 a/b:1', '2 a/c:2', '3 a/d:3', '4 a/e:5'],
  ])
  expect(images('REPOSITORY TAG IMAGE ID\na/b 1 x\n\na/c <none> y\n')).toEqual([
    ...['2 a/b:1', 'not an image reference: "a/c:<none>"'],
  ])
})
