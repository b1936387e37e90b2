import { expect, test } from 'vitest'
import { countOf, listNames } from '../src/plural.ts'
import { fc } from './support/property.ts'

test.for<[count: number, noun: string, plural: string | undefined, text: string]>([
  [0, 'image', undefined, '0 images'],
  [1, 'image', undefined, '1 image'],
  [2, 'image', undefined, '2 images'],
  [1, 'registry', 'registries', '1 registry'],
  [3, 'registry', 'registries', '3 registries'],
])('countOf(%i, %s): %s', ([count, noun, plural, text]) => {
  expect(countOf(count, noun, plural)).toBe(text)
})

test.for<[names: string[], text: string]>([
  [[], ''],
  [['b', 'a'], 'a, b'],
  [['e', 'd', 'c', 'b', 'a'], 'a, b, c, d, e'],
  [['f', 'e', 'd', 'c', 'b', 'a'], 'a, b, c, d, e and 1 more'],
])('%j is listed as %s', ([names, text]) => {
  expect(listNames(names)).toBe(text)
})

test('names beyond five are counted, and those shown are the first in order', () => {
  fc.assert(
    fc.property(fc.array(fc.string(), { minLength: 6, maxLength: 40 }), (names) => {
      expect(listNames(names)).toBe(`${names.toSorted().slice(0, 5).join(', ')} and ${names.length - 5} more`)
    }),
  )
})
