import { expect, test } from 'vitest'
import { type ChartInstall, howInstalled } from '../../src/discovery/charts/chart-install.ts'
import { GitOpsResources } from '../../src/discovery/charts/gitops-resources.ts'
import { namedCharts } from '../../src/discovery/charts/named-charts.ts'
import { mergeValues, valuesOfSetting } from '../../src/discovery/charts/values.ts'
import { readDocuments } from '../../src/kubernetes/documents/document.ts'
import { resourcesOf } from '../../src/kubernetes/objects/resource.ts'
import { scanText } from '../support/scan-text.ts'

function chartsIn(text: string) {
  const resources = new GitOpsResources()
  for (const document of readDocuments(text, 'tree.yaml')) {
    if (document.form === 'manifest') for (const resource of resourcesOf(document)) resources.note(resource)
  }
  return namedCharts(resources)
}

const resource = (apiVersion: string, kind: string, name: string, body: string) =>
  `---\napiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: ${name}, namespace: shop}\n${body}\n`
const release = (spec: string, name = 'web') =>
  resource('helm.toolkit.fluxcd.io/v2', 'HelmRelease', name, `spec: ${spec}`)
const source = (kind: string, name: string, spec: string) =>
  resource('source.toolkit.fluxcd.io/v1', kind, name, `spec: ${spec}`)
const application = (spec: string) => resource('argoproj.io/v1alpha1', 'Application', 'web', `spec: ${spec}`)
const helmChart = (spec: string) => resource('helm.cattle.io/v1', 'HelmChart', 'web', `spec: ${spec}`)

const OCI = source('HelmRepository', 'charts', '{type: oci, url: "oci://r.example.com/charts/"}')
const OF_OCI = 'chart: web, sourceRef: {kind: HelmRepository, name: charts}'
const at = (repository: string, version = '') => ({ at: 'registry', repository, version })

test.for<[what: string, text: string, install: object]>([
  [
    'a HelmRelease of a registry',
    OCI + release(`{chart: {spec: {${OF_OCI}, version: 1.x, valuesFiles: [prod.yaml]}}, values: {a: 1}}`),
    {
      ...{ source: at('r.example.com/charts/web', '1.x'), release: 'web', namespace: 'shop', values: { a: 1 } },
      ...{ valuesFiles: ['prod.yaml'], unknown: [] },
    },
  ],
  [
    'a HelmRelease into another namespace',
    OCI + release(`{targetNamespace: live, chart: {spec: {${OF_OCI}}}}`),
    { release: 'live-web', namespace: 'live' },
  ],
  [
    'a HelmRelease with a long name',
    OCI + release(`{chart: {spec: {${OF_OCI}}}}`, 'w'.repeat(60)),
    { release: expect.stringMatching(/^w{40}-[0-9a-f]{12}$/) },
  ],
  [
    'a HelmRelease with a repository in another namespace that nobody wrote down',
    OCI.replace(', namespace: shop', '') + release(`{releaseName: x, chart: {spec: {${OF_OCI}}}}`),
    { source: at('r.example.com/charts/web'), release: 'x' },
  ],
  [
    'a HelmRelease by chartRef',
    source('OCIRepository', 'web', '{url: "oci://r.example.com/web", ref: {semver: ">=1", tag: x}}') +
      release('{chartRef: {kind: OCIRepository, name: web}}'),
    { source: expect.objectContaining({ repository: 'r.example.com/web', version: '>=1' }) },
  ],
  [
    'a HelmRelease by the chartRef of a HelmChart',
    OCI +
      source('HelmChart', 'web', `{${OF_OCI}, version: 2.0.0}`) +
      release('{chartRef: {kind: HelmChart, name: web}}'),
    { source: at('r.example.com/charts/web', '2.0.0') },
  ],
  [
    'a HelmRelease of a repository with an index',
    source('HelmRepository', 'charts', '{url: "https://c.example.com"}') + release(`{chart: {spec: {${OF_OCI}}}}`),
    { source: { at: 'index', url: 'https://c.example.com', chart: 'web', version: undefined } },
  ],
  [
    'a HelmRelease of git',
    release('{chart: {spec: {chart: ./web, sourceRef: {kind: GitRepository, name: fleet}}}}'),
    { source: { at: 'tree', repository: 'GitRepository fleet', path: './web' } },
  ],
  [
    'a HelmRelease whose source is not here',
    release(`{chart: {spec: {${OF_OCI}}}}`),
    { source: { at: 'nowhere', why: 'HelmRepository charts is not here' } },
  ],
  [
    'a version that is filled in later',
    `${OCI}${release(`{chart: {spec: {${OF_OCI}, version: "\${version}"}}}`)}`,
    { source: { at: 'nowhere', why: '${version} is filled in later' } },
  ],
  [
    'an Application of a registry',
    application(
      '{destination: {namespace: live}, source: {repoURL: r.example.com/charts, chart: web, targetRevision: 1.0.0, helm: {values: "a: 1", valuesObject: {b: 2}, parameters: [{name: c, value: "1,2"}, {name: d, value: "3", forceString: true}], valueFiles: [x.yaml, $v/y.yaml]}}}',
    ),
    {
      ...{ source: at('r.example.com/charts/web', '1.0.0'), release: 'web', namespace: 'live', values: { b: 2 } },
      ...{ set: ['c=1\\,2'], setString: ['d=3'], valuesFiles: ['x.yaml'] },
      unknown: ['the values in $v/y.yaml are not here'],
    },
  ],
  [
    'an Application of an address',
    application('{sources: [{repoURL: "oci://r.example.com/charts/web", targetRevision: 1.0.0, path: .}]}'),
    { source: at('r.example.com/charts/web', '1.0.0') },
  ],
  [
    'an Application of a repository with an index',
    application('{source: {repoURL: "https://c.example.com", chart: web, targetRevision: 1.0.0}}'),
    { source: { at: 'index', url: 'https://c.example.com', chart: 'web', version: '1.0.0' } },
  ],
  [
    'a HelmChart with its config',
    `${helmChart('{chart: "oci://r.example.com/web", version: 1.0.0, targetNamespace: live, valuesContent: "a: {b: 1, c: 2}", set: {d: 1, e: "true", f: "x,y"}}')}${resource('helm.cattle.io/v1', 'HelmChartConfig', 'web', 'spec: {valuesContent: "a: {c: 3}"}')}`,
    {
      ...{ source: at('r.example.com/web', '1.0.0'), namespace: 'live', values: { a: { b: 1, c: 3 } } },
      ...{ set: ['d=1', 'e=true'], setString: ['f=x\\,y'] },
    },
  ],
  [
    'a HelmChart that holds its chart',
    helmChart('{chartContent: AAAA}'),
    { source: { at: 'resource', base64: 'AAAA' } },
  ],
  [
    'a Chart of k0s',
    resource(
      'helm.k0sproject.io/v1beta1',
      'Chart',
      'web',
      'spec: {chartName: "oci://r.example.com/web", version: "1", values: "a: 1"}',
    ),
    { source: at('r.example.com/web', '1'), values: { a: 1 } },
  ],
])('%s', ([, text, install]) => {
  const { installs } = chartsIn(text)
  expect(installs).toMatchObject([install])
})

test.for<[what: string, text: string, sources: object[]]>([
  [
    'hauler',
    'apiVersion: content.hauler.cattle.io/v1\nkind: Charts\nmetadata: {name: c}\nspec: {charts: [{name: web, repoURL: "oci://r.example.com/charts", version: 1.0.0}, {name: db, repoURL: "https://c.example.com"}, {name: own, repoURL: .}]}\n',
    [
      at('r.example.com/charts/web', '1.0.0'),
      { at: 'index', url: 'https://c.example.com', chart: 'db', version: undefined },
      { at: 'nowhere', why: 'it is in .' },
    ],
  ],
  [
    'zarf',
    'kind: ZarfPackageConfig\nmetadata: {name: p}\ncomponents: [{name: a, charts: [{name: web, url: "oci://r.example.com/web", version: 1.0.0, valuesFiles: [v.yaml]}, {name: own, localPath: chart}, {name: git, url: "https://g.example.com/x.git", gitPath: chart}]}]\n',
    [
      at('r.example.com/web', '1.0.0'),
      { at: 'nowhere', why: 'it is in https://g.example.com/x.git' },
      { at: 'tree', repository: undefined, path: 'chart', beside: 'tree.yaml' },
    ],
  ],
  [
    'oc-mirror',
    'apiVersion: mirror.openshift.io/v2alpha1\nkind: ImageSetConfiguration\nmirror: {helm: {repositories: [{name: r, url: "oci://r.example.com/charts", charts: [{name: web, version: 1.0.0}]}]}}\n',
    [at('r.example.com/charts/web', '1.0.0')],
  ],
])('the charts that a file of %s lists, which a scan says to be elsewhere', ([, text, sources]) => {
  expect(chartsIn(text).installs.map(({ source: found }) => found)).toEqual(sources)
  expect(scanText(text).findings.map(({ code }) => code)).toContain('CHART_ELSEWHERE')
})

test('an ApplicationSet of lists is its applications, of anything else its template', () => {
  const set = (generators: string, patch = '') =>
    resource(
      'argoproj.io/v1alpha1',
      'ApplicationSet',
      'all',
      `spec: {generators: ${generators}${patch}, template: {metadata: {name: "{{ .name }}"}, spec: {source: {repoURL: r.example.com, chart: web, targetRevision: "{{version}}"}}}}`,
    )
  const versions = (text: string) => chartsIn(text).installs.map(({ source: found, release: name }) => [found, name])
  expect(versions(set('[{list: {elements: [{name: a, version: 1.0.0}, {name: b, version: 2.0.0}]}}]'))).toEqual([
    [at('r.example.com/web', '1.0.0'), 'a'],
    [at('r.example.com/web', '2.0.0'), 'b'],
  ])
  expect(versions(set('[{clusters: {}}]'))).toEqual([[{ at: 'nowhere', why: '{{version}} is filled in later' }, 'x']])
  const two = '[{list: {elements: [{name: a}, {name: b}]}}, {list: {elements: [{version: 1.0.0}]}}]'
  expect(versions(set(`[{matrix: {generators: ${two}}}]`))).toEqual([
    [at('r.example.com/web', '1.0.0'), 'a'],
    [at('r.example.com/web', '1.0.0'), 'b'],
  ])
  const own = '{metadata: {name: own}, spec: {source: {targetRevision: 3.0.0}}}'
  expect(versions(set(`[{list: {elements: [{version: 1.0.0}], template: ${own}}}]`))).toEqual([
    [at('r.example.com/web', '3.0.0'), 'own'],
  ])
  const patch = (text: string) => `, templatePatch: ${JSON.stringify(text)}`
  const one = '[{list: {elements: [{name: a, version: 1.0.0, tag: "2"}]}}]'
  const { installs } = chartsIn(set(one, patch('spec: {source: {helm: {valuesObject: {tag: "{{ .tag }}"}}}}')))
  expect(installs).toMatchObject([{ values: { tag: '2' }, unknown: [] }])
  expect(chartsIn(set(one, patch('{{ if .x }}a: b{{ end }}'))).installs).toMatchObject([
    { unknown: ['its templatePatch is a program that is not run'] },
  ])
})

const VALUES = `---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: v, namespace: shop}\ndata: {values.yaml: "a: {b: 1, c: 1}", tag: "1.4"}
---\napiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: shop}\ndata: {values.yaml: YToge2M6IDJ9}\nstringData: {bad: "- 1"}
---\napiVersion: v1\nkind: Secret\nmetadata: {name: locked, namespace: shop}\nstringData: {values.yaml: "ENC[AES256_GCM,data:x]"}\nsops: {version: 3.9.0}\n`

test.for<[from: string, values: object, unknown: string[]]>([
  ['{kind: ConfigMap, name: v}', { a: { b: 1, c: 1 } }, []],
  ['{kind: ConfigMap, name: v}, {kind: Secret, name: s}', { a: { b: 1, c: 2 } }, []],
  ['{kind: ConfigMap, name: v, valuesKey: tag, targetPath: "x.y[1]"}', { x: { y: [null, '1.4'] } }, []],
  ['{kind: Secret, name: s, valuesKey: bad}', {}, ['bad in Secret shop/s is no map of values']],
  ['{kind: Secret, name: locked}', {}, ['values.yaml in Secret shop/locked is not here']],
  ['{kind: Secret, name: none}', {}, ['values.yaml in Secret shop/none is not here']],
  ['{kind: Secret, name: none, optional: true}', {}, []],
  [
    '{kind: ConfigMap, name: v, valuesKey: tag, targetPath: "x,y"}',
    {},
    ['tag in ConfigMap shop/v for x,y is not understood'],
  ],
])('valuesFrom [%s] gives %j', ([from, values, unknown]) => {
  const { installs } = chartsIn(
    `${VALUES}${OCI}${release(`{chart: {spec: {${OF_OCI}}}, valuesFrom: [${from}], values: {z: 1}}`)}`,
  )
  expect(installs).toMatchObject([{ values: { ...values, z: 1 }, unknown }])
  expect(Object.keys((installs[0] as ChartInstall).values)).toEqual([...Object.keys(values), 'z'])
})

test('values that may be missing, and are not here, are said', () => {
  const { installs } = chartsIn(
    `${OCI}${release(`{chart: {spec: {${OF_OCI}}}, valuesFrom: [{kind: Secret, name: s, optional: true}]}`)}`,
  )
  expect(installs.map(howInstalled)).toEqual([
    'as release web, in namespace shop, without values.yaml in Secret shop/s, which is optional and not here',
  ])
})

test('values are merged as helm does, also under the names of what every object has', () => {
  const over = JSON.parse('{"__proto__": {"a": 1}, "list": [2], "gone": null}')
  expect(JSON.stringify(mergeValues({ list: [1, 2], gone: { a: 1 }, kept: 1 }, over))).toBe(
    '{"list":[2],"gone":null,"kept":1,"__proto__":{"a":1}}',
  )
  expect(({} as { a?: number }).a).toBeUndefined()
})

test.for<[path: string, text: string, values: object | undefined]>([
  ['a.b', 'x', { a: { b: 'x' } }],
  ['a\\.b', 'true', { 'a.b': true }],
  ['a[0].b', '12', { a: [{ b: 12 }] }],
  ['a', '007', { a: '007' }],
  ['a', 'null', { a: null }],
  ['a', 'x,b=y', undefined],
  ['a[99999]', 'x', undefined],
  ['', 'x', undefined],
])('the setting %s=%s', ([path, text, values]) => {
  expect(valuesOfSetting(path, text)).toEqual(values)
})
