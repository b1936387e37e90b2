#!/usr/bin/env node
// Writes test/kubernetes/pod-fields.json from the Go types of the Kubernetes API (core/v1/types.go of the module
// k8s.io/api): node bin/pod-fields.js VERSION TYPES.go. Fetch the module with: go mod download k8s.io/api@VERSION
import { readFileSync, writeFileSync } from 'node:fs'

const [version, file] = process.argv.slice(2)
if (!version || !file) throw new Error('Usage: node bin/pod-fields.js VERSION TYPES.go')
const source = readFileSync(file, 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, '')

/** Each struct's fields: their names in JSON and their types; an embedded struct has no name. */
const structs = new Map()
for (const [, name, body] of source.matchAll(/^type (\w+) struct \{\n([\s\S]*?)^\}/gm)) {
  const fields = [...body.matchAll(/^\s*(?:\w+\s+)??(\S+)\s+`json:"([^",]*)[^`]*`/gm)]
  structs.set(
    name,
    fields.map(([, type, json]) => [json, type.replace(/^(?:\*|\[\]|map\[\w+\])+/, '')]),
  )
}

const flat = (name) => (structs.get(name) ?? []).flatMap(([json, type]) => (json ? [[json, type]] : flat(type)))
const types = {}
const queue = ['PodSpec']
for (const name of queue) {
  if (types[name]) continue
  types[name] = flat(name).map(([json]) => json)
  queue.push(...flat(name).flatMap(([, type]) => (structs.has(type) ? [type] : [])))
}
const list = { source: `k8s.io/api ${version}, core/v1/types.go`, types }
writeFileSync(new URL('../test/kubernetes/pod-fields.json', import.meta.url), `${JSON.stringify(list, null, 2)}\n`)
