import { expect, test } from 'vitest'
import { parseChallenges } from '../../src/registry/auth/challenge.ts'

test.for<[what: string, header: string | string[], expected: [string, Record<string, string>][]]>([
  [
    'quoted commas stay together',
    'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push"',
    [
      [
        'bearer',
        { realm: 'https://auth.docker.io/token', service: 'registry.docker.io', scope: 'repository:a/b:pull,push' },
      ],
    ],
  ],
  [
    'several in one header',
    'Basic realm="a", Bearer realm=b , service = "c"',
    [
      ['basic', { realm: 'a' }],
      ['bearer', { realm: 'b', service: 'c' }],
    ],
  ],
  [
    'several headers',
    ['Negotiate', 'basic Realm="x \\"y\\""'],
    [
      ['negotiate', {}],
      ['basic', { realm: 'x "y"' }],
    ],
  ],
  [
    'addresses without quotes',
    'Bearer realm=https://auth.example/token?a=b,service=x',
    [['bearer', { realm: 'https://auth.example/token?a=b', service: 'x' }]],
  ],
  ['nonsense', '="', []],
])('%s', ([, header, expected]) => {
  const found = parseChallenges(header).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)])
  expect(found).toEqual(expected)
})

test('no header, no challenge', () => {
  expect(parseChallenges(undefined)).toEqual([])
})
