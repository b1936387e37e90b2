import { expect, test } from 'vitest'
import { type ImageFailure, ImagesFailedError } from '../../src/bundle/failure.ts'
import { ExpectedError } from '../../src/errors.ts'

const DIGEST = `sha256:${'ab'.repeat(32)}`

function denied(registry: string, path: string, words: string): ImageFailure {
  const reference = `${registry}/${path}:1`
  const message = `image ${reference}: ${registry} asks for other credentials (${words})`
  const hint = `Run: docker login ${registry}`
  return { reference, error: new ExpectedError('UNAUTHORIZED', message, { hint, registry, status: 401 }) }
}

function unreached(registry: string, path: string, problem = 'no network'): ImageFailure {
  const reference = `${registry}/${path}:1`
  const message = `image ${reference}: ${registry}: ${problem}`
  return { reference, error: new ExpectedError('REGISTRY_UNREACHABLE', message, { hint: 'Check DNS.', registry }) }
}

test('one image: its own words', () => {
  const { message } = new ImagesFailedError([denied('quay.io', 'team/web', 'no')], 3)
  expect(message).toBe(`1 of 3 images cannot be had
  quay.io/team/web:1: quay.io asks for other credentials (no) [UNAUTHORIZED]
    try: Run: docker login quay.io`)
})

test('twelve images behind one 401 are one line, their names and one hint', () => {
  const failures = Array.from({ length: 12 }, (_, index) => {
    const path = `team/web${String(index).padStart(2, '0')}`
    return denied('quay.io', path, `unauthorized to access repository: ${path}, action: pull`)
  })
  expect(new ImagesFailedError(failures, 12).message).toBe(`12 of 12 images cannot be had
  12 images: quay.io asks for other credentials (unauthorized to access repository: …, action: pull) [UNAUTHORIZED]
    quay.io/team/web00:1, quay.io/team/web01:1, quay.io/team/web02:1, quay.io/team/web03:1, quay.io/team/web04:1 and 7 more
    try: Run: docker login quay.io`)
})

test('hints that differ in the names of the images alone are one', () => {
  const failures = ['web', 'api', 'db'].map((name) => {
    const hint = `Create the repository team/${name} at r.example first.`
    const error = new ExpectedError('DENIED', `blob in r.example/team/${name}: not taken`, {
      hint,
      registry: 'r.example',
    })
    return { reference: `quay.io/team/${name}:1`, error }
  })
  expect(new ImagesFailedError(failures, 3).message).toBe(`3 of 3 images cannot be had
  3 images: blob in r.example/…: not taken [DENIED]
    quay.io/team/api:1, quay.io/team/db:1, quay.io/team/web:1
    try: Create the repository team/web at r.example first. And so for the other 2.`)
})

test('without network all registries have one cause; other failures keep theirs', () => {
  const failures = [
    unreached('docker.io', 'library/app'),
    unreached('quay.io', 'team/web'),
    denied('ghcr.io', 'a/b', 'no'),
    unreached('lab.example', 'x/y', 'its certificate is not trusted'),
  ]
  expect(new ImagesFailedError(failures, 9, 'cannot be pushed').message).toBe(`4 of 9 images cannot be pushed
  2 images of docker.io, quay.io: no network [REGISTRY_UNREACHABLE]
    docker.io/library/app:1, quay.io/team/web:1
    try: Check DNS.
  ghcr.io/a/b:1: ghcr.io asks for other credentials (no) [UNAUTHORIZED]
    try: Run: docker login ghcr.io
  lab.example/x/y:1: lab.example: its certificate is not trusted [REGISTRY_UNREACHABLE]`)
})

test('blobs that fail alike are one cause, whatever their digests; a short path is not taken for a word', () => {
  const failures = ['app', 'sent'].map((path) => {
    const reference = `r.io/${path}:1`
    const message = `${reference}: blob ${DIGEST}: r.io sent ${DIGEST} instead`
    return { reference, error: new ExpectedError('CONTENT_MISMATCH', message) }
  })
  expect(new ImagesFailedError(failures, 2).message).toBe(`2 of 2 images cannot be had
  2 images: blob …: r.io sent … instead [CONTENT_MISMATCH]
    r.io/app:1, r.io/sent:1`)
})

test('where nothing listens, what was asked for it in each repository is no cause of its own', () => {
  const failures = ['shop/web', 'shop/api'].map((path): ImageFailure => {
    const message = `manifest ${DIGEST} in 127.0.0.1:1/${path}: 127.0.0.1:1: nothing listens there`
    const error = new ExpectedError('REGISTRY_UNREACHABLE', message, { hint: 'Check it.', registry: '127.0.0.1:1' })
    return { reference: `registry.example.com/${path}:1`, error }
  })
  expect(new ImagesFailedError(failures, 2, 'cannot be pushed').message).toBe(`2 of 2 images cannot be pushed
  2 images of 127.0.0.1:1: nothing listens there [REGISTRY_UNREACHABLE]
    registry.example.com/shop/api:1, registry.example.com/shop/web:1
    try: Check it.`)
})
