import { expect, test } from 'vitest'
import {
  DEFAULT_KUBELET_SETTINGS,
  deletesByAge,
  parseKubeletConfig,
  settingsInForce,
  verifiesPreloaded,
} from '../../src/kubernetes/objects/kubelet-config.ts'

test('a configuration file and the answer of /configz say the same', () => {
  const config = {
    nodeStatusMaxImages: -1,
    imagePullCredentialsVerificationPolicy: 'AlwaysVerify',
    imageMaximumGCAge: '168h',
    featureGates: { ImageMaximumGCAge: true, Odd: 'yes' },
  }
  const expected = {
    ...DEFAULT_KUBELET_SETTINGS,
    maxImages: -1,
    credentialsVerification: 'AlwaysVerify',
    imageMaximumGcAge: '168h',
    featureGates: { ImageMaximumGCAge: true },
  }
  expect(parseKubeletConfig({ kind: 'KubeletConfiguration', ...config })).toEqual(expected)
  expect(parseKubeletConfig({ kubeletconfig: config })).toEqual(expected)
})

test.for([undefined, null, [], 'text', { kind: 'Node' }])('%o is no configuration', (value) => {
  expect(parseKubeletConfig(value)).toBeUndefined()
})

test.for<[policy: string, allowlist: string[], asks: boolean]>([
  ['NeverVerify', [], false],
  ['NeverVerifyPreloadedImages', [], false],
  ['AlwaysVerify', [], true],
  ['NeverVerifyAllowlistedImages', [], true],
  ['NeverVerifyAllowlistedImages', ['r.example:5000/shop/web'], false],
  ['NeverVerifyAllowlistedImages', ['r.example:5000/shop/*'], false],
  ['NeverVerifyAllowlistedImages', ['r.example:5000/shop'], true],
  ['NeverVerifyAllowlistedImages', ['r.example:5000/shop/web/*'], true],
])('%s with %o asks a registry: %s', ([credentialsVerification, allowlist, asks]) => {
  const settings = { ...DEFAULT_KUBELET_SETTINGS, credentialsVerification, allowlist }
  expect(verifiesPreloaded(settings, 'r.example:5000/shop/web:1')).toBe(asks)
  expect(verifiesPreloaded(settings, `r.example:5000/shop/web@sha256:${'a'.repeat(64)}`)).toBe(asks)
})

test.for<[age: string, deletes: boolean]>([
  ['0s', false],
  ['0', false],
  ['168h', true],
  ['10m0s', true],
])('imageMaximumGCAge %s deletes: %s', ([imageMaximumGcAge, deletes]) => {
  expect(deletesByAge({ ...DEFAULT_KUBELET_SETTINGS, imageMaximumGcAge })).toBe(deletes)
})

const SECRETS = 'KubeletEnsureSecretPulledImages'
const AGE = 'ImageMaximumGCAge'

// What a kubelet of each version goes by, of the gates that it has.
test.for<[minor: number | undefined, gates: Record<string, boolean>, verifies: boolean, byAge: boolean]>([
  [28, {}, false, false],
  [28, { [SECRETS]: true, [AGE]: true }, false, false],
  [29, {}, false, false],
  [29, { [AGE]: true }, false, true],
  [30, {}, false, true],
  [30, { [AGE]: false }, false, false],
  [32, { [SECRETS]: true }, false, true],
  [33, {}, false, true],
  [33, { [SECRETS]: true }, true, true],
  [34, {}, false, true],
  [34, { [SECRETS]: true }, true, true],
  [35, {}, true, true],
  [35, { [SECRETS]: false }, false, true],
  [37, {}, true, true],
  [undefined, {}, true, true],
])('a kubelet 1.%s with %o verifies: %s, deletes by age: %s', ([minor, featureGates, verifies, byAge]) => {
  const told = { ...DEFAULT_KUBELET_SETTINGS, credentialsVerification: 'AlwaysVerify', imageMaximumGcAge: '168h' }
  const settings = settingsInForce({ ...told, featureGates }, minor)
  expect([verifiesPreloaded(settings, 'r.example/web:1'), deletesByAge(settings)]).toEqual([verifies, byAge])
})
