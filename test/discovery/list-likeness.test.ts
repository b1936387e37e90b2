import { expect, test } from 'vitest'
import { listLikeness } from '../../src/discovery/listed/list-likeness.ts'

const DIGEST = `@sha256:${'a'.repeat(64)}`

test.for<[why: string, name: string, text: string, likeness: string]>([
  ['references with versions', 'a.txt', '# all\n\nquay.io/a/b:1\nnginx:1.27 # web\n', 'list'],
  ['digests', 'a.txt', `quay.io/a/b${DIGEST}\n`, 'list'],
  ['lines of Windows', 'a.txt', 'quay.io/a/b:1\r\nquay.io/a/c:2\r\n', 'list'],
  ['some without a version', 'a.txt', 'quay.io/a/b:1\nquay.io/a/c:2\nbusybox\n', 'list'],
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
