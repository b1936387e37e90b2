import { symlink } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import { pack } from 'tar-stream'
import { expect, test } from 'vitest'
import { contentOf } from '../../src/cli/inputs/contents/directory.ts'
import { directoryWith } from '../support/temporary.ts'

const POD = 'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: "pod:1"}]}\n'
const JSON_POD = '{"apiVersion":"v1","kind":"Pod","spec":{"containers":[{"name":"a","image":"pod:1"}]}}\n'

async function tarOf(files: Readonly<Record<string, string>>): Promise<Buffer> {
  const archive = pack()
  for (const [name, content] of Object.entries(files)) archive.entry({ name }, content)
  archive.finalize()
  return buffer(archive as unknown as AsyncIterable<Uint8Array>)
}

/** The directory of a zip, which is what tells its names; what it holds is not looked at. */
function zipOf(...names: string[]): Buffer {
  const entries = names.map((name) => {
    const entry = Buffer.alloc(46 + name.length)
    entry.write('PK\x01\x02', 0, 'latin1')
    entry.writeUInt16LE(name.length, 28)
    entry.write(name, 46)
    return entry
  })
  return Buffer.concat([Buffer.from('PK\x03\x04 content '), ...entries, Buffer.from('PK\x05\x06')])
}

const FILES: Readonly<
  Record<string, [content: string | Buffer | (() => Promise<Buffer>), told: 'notRead' | 'lists' | 'none']>
> = {
  'x.yaml.gz': [gzipSync(POD), 'notRead'],
  'y.gz': [gzipSync(JSON_POD), 'notRead'],
  'large.gz': [gzipSync(`${POD}# ${'a'.repeat(300_000)}\n`), 'notRead'],
  'log.gz': [gzipSync('nothing here\n'), 'none'],
  'cut.yaml.gz': [gzipSync(POD).subarray(0, 60), 'notRead'],
  'damaged.yaml.gz': ['no gzip at all', 'notRead'],
  'x.yaml.xz': [Buffer.from([0xfd, 0x37]), 'notRead'],
  'pod.ndjson': [JSON_POD, 'notRead'],
  'k.jsonl': [JSON_POD, 'notRead'],
  'images.jsonl': ['{"image":"quay.io/t/x:1"}\n', 'notRead'],
  'pod.json5': ["{\n  apiVersion: 'v1',\n  kind: 'Pod',\n}\n", 'notRead'],
  pod: [POD, 'notRead'],
  'manifest.txt': [POD, 'notRead'],
  'pod.manifest': [POD, 'notRead'],
  'pod.yaml.disabled': [POD, 'notRead'],
  'pod.yaml.bak': [POD, 'notRead'],
  'pod.yml~': [POD, 'notRead'],
  'list.yaml.orig': [`- apiVersion: v1\n  kind: Pod\n`, 'notRead'],
  'n.tar': [() => tarOf({ 'a/readme': 'x', 'a/pod.yaml': POD }), 'notRead'],
  'images.tar': [() => tarOf({ 'manifest.json': '[]', 'x/a.json': '{}' }), 'none'],
  'program.tar': [() => tarOf({ 'bin/x': 'x' }), 'none'],
  'damaged.tar': ['no tar at all', 'none'],
  'q.zip': [zipOf('a/readme', 'a/pod.yaml'), 'notRead'],
  'cut.zip': [Buffer.from('PK\x03\x04 the rest is lost', 'latin1'), 'notRead'],
  'empty.zip': [Buffer.concat([Buffer.from('PK\x05\x06', 'latin1'), Buffer.alloc(18)]), 'none'],
  'program.zip': [zipOf('a/readme'), 'none'],
  'l.csv': ['name,image\na,quay.io/t/c:1\nb,quay.io/t/d:1\n', 'notRead'],
  'img.tsv': ['quay.io/t/e:1\tx\n', 'notRead'],
  'list.csv': ['quay.io/t/e:1\n', 'lists'],
  'README.md': [`docker pull quay.io/t/x:1\n${POD}`, 'none'],
  Dockerfile: ['FROM quay.io/t/x:1\n', 'none'],
  Makefile: ['IMAGE=quay.io/t/x:1\n', 'none'],
  'x.py': [`POD = """\n${POD}"""\n`, 'none'],
  'x.go': [`var pod = \`\n${POD}\`\n`, 'none'],
  'go.sum': ['github.com/a/b v1.2.3 h1:x\n', 'none'],
  install: ['#!/bin/sh\ndocker pull quay.io/t/x:1\n', 'none'],
  'config.toml': ['[a]\nsandbox_image = "registry.example.com/t/pause:3.9"\n', 'none'],
  'web.container': ['[Container]\nImage=quay.io/t/web:1\n', 'none'],
  'mount.conf': ['image = /var/x.img\naddress = example.com:80\n', 'none'],
  program: [`#!/usr/bin/env python3\n${POD}`, 'none'],
  linked: [POD, 'none'],
  'kustomization.yaml': ['apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n', 'none'],
  LICENSE: ['Permission is granted\n', 'none'],
  'data.bin2': [Buffer.from([0, 1, 2, 3]), 'none'],
  'notes.text': ['the apiVersion and the kind: both are needed\n', 'none'],
}

test('below a directory what holds manifests is read or told, and programs and pages are not', async () => {
  const made = await Promise.all(
    Object.entries(FILES).map(async ([name, [content]]) => [
      name,
      typeof content === 'function' ? await content() : content,
    ]),
  )
  const folder = await directoryWith(Object.fromEntries(made))
  await symlink(join(folder, 'linked'), join(folder, 'link.yaml'))
  const { notRead, lists, files, scripts } = await contentOf(folder)
  const told = new Map<string, string>([
    ...notRead.map(({ path }) => [path, 'notRead'] as const),
    ...lists.map((path) => [path, 'lists'] as const),
  ])
  const found = Object.keys(FILES).map((name) => [name, told.get(join(folder, name)) ?? 'none'])
  expect(found).toEqual(Object.entries(FILES).map(([name, [, kind]]) => [name, kind]))
  expect(files.map((path) => basename(path))).toEqual(['link.yaml'])
  expect(scripts.map((path) => basename(path))).toEqual(['config.toml', 'install', 'web.container'])
})
