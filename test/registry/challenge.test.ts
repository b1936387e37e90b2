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
  ...(
    [
      ['a scheme without parameters first', 'Negotiate, '],
      ['two of them', 'Negotiate,NTLM, '],
      ['a scheme with a token', 'Negotiate YIIBhwYJKoZIhvcSAQICAQBuggF2==, '],
      ['a token that ends in no sign', 'NTLM TlRMTVNTUAAC, '],
      ['parameters that cannot be read', 'Digest realm="x, y" qop=(auth), '],
      ['empty elements', ', ,'],
    ] as const
  ).map(([what, before]): [string, string, [string, Record<string, string>][]] => [
    what,
    `${before}Bearer realm="https://auth.example/t",service="x"`,
    [
      ...[...before.matchAll(/(Negotiate|NTLM|Digest)/g)].map(([name]): [string, Record<string, string>] => [
        name.toLowerCase(),
        {},
      ]),
      ['bearer', { realm: 'https://auth.example/t', service: 'x' }],
    ],
  ]),
  ['a scheme alone', 'Basic', [['basic', {}]]],
  ['nonsense', '="', []],
  ['quotes without end', 'Bearer realm="a', [['bearer', {}]]],
])('%s', ([, header, expected]) => {
  const found = parseChallenges(header).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)])
  expect(found).toEqual(expected)
})

test('no header, no challenge', () => {
  expect(parseChallenges(undefined)).toEqual([])
})
