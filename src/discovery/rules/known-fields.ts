import type { FieldRule } from './field-rule.ts'

const PACKAGE_KINDS = ['Provider', 'Configuration', 'Function'] as const
const SERVING_GROUP = 'serving.kserve.io'
const KUBEWARDEN = 'policies.kubewarden.io'
const SERVING_KINDS = ['InferenceService', 'ServingRuntime', 'ClusterServingRuntime', 'LLMInferenceService'] as const

/**
 * Fields of custom resources whose meaning their keys do not tell, or that keys around them would mislead about. What
 * follows a convention (`image`, `imageName`, `repository` + `tag`, `images: {…}`) needs no row here.
 */
export const KNOWN_FIELDS: readonly FieldRule[] = [
  // An OCI package; the core image store pulls it like an image.
  ...PACKAGE_KINDS.map((kind) => ({ group: 'pkg.crossplane.io', kind, path: 'spec.package' })),
  // An untagged image gets the plan's version as its tag.
  ...['upgrade', 'prepare'].map((step) => ({
    group: 'upgrade.cattle.io',
    kind: 'Plan',
    path: `spec.${step}`,
    parts: { repository: 'image', tag: '$.spec.version' },
  })),
  { group: 'operators.coreos.com', kind: 'CatalogSource', path: 'spec.image' },
  { group: 'operators.coreos.com', kind: 'ClusterServiceVersion', path: 'spec.relatedImages[*].image' },
  { group: 'postgresql.cnpg.io', kind: 'Cluster', path: 'spec.imageName' },
  { group: 'postgresql.cnpg.io', kind: 'ImageCatalog', path: 'spec.images[*].image' },
  { group: 'postgresql.cnpg.io', kind: 'ClusterImageCatalog', path: 'spec.images[*].image' },
  { group: 'acid.zalan.do', kind: 'postgresql', path: 'spec.dockerImage' },
  // What a kustomization of a cluster puts in the place of other names and versions.
  {
    group: 'kustomize.toolkit.fluxcd.io',
    kind: 'Kustomization',
    path: 'spec.images[*]',
    parts: { repository: 'newName|name', tag: 'newTag', digest: 'digest' },
    isWhole: true,
  },
  { group: 'caching.internal.knative.dev', kind: 'Image', path: 'spec.image' },
  // A model as an image, which becomes a sidecar.
  ...SERVING_KINDS.flatMap((kind) =>
    ['storageUri', 'storageUris[*]', 'storageUris[*].uri', 'model.uri'].flatMap((field) =>
      ['oci://', 'oci+native://'].map((prefix) => ({ group: SERVING_GROUP, kind, path: `spec.**.${field}`, prefix })),
    ),
  ),
  ...['LocalModelCache', 'LocalModelNamespaceCache'].map((kind) => ({
    ...{ group: SERVING_GROUP, kind, path: 'spec.sourceModelUri', prefix: 'oci://' },
  })),
  ...fetchedModules('extensions.istio.io', ['WasmPlugin'], 'spec.url', 'oci://'),
  ...fetchedModules('extensions.higress.io', ['WasmPlugin'], 'spec.url', 'oci://'),
  ...fetchedModules('gateway.envoyproxy.io', ['EnvoyExtensionPolicy'], 'spec.wasm[*].code.image.url', 'oci://'),
  ...fetchedModules(KUBEWARDEN, ['ClusterAdmissionPolicy', 'AdmissionPolicy'], 'spec.module', 'registry://'),
  ...fetchedModules(
    ...([KUBEWARDEN, ['ClusterAdmissionPolicyGroup', 'AdmissionPolicyGroup'], 'spec.policies.*.module'] as const),
    'registry://',
  ),
  { group: 'cdi.kubevirt.io', kind: 'DataVolume', path: 'spec.source.registry.url', prefix: 'docker://' },
  {
    group: 'cdi.kubevirt.io',
    kind: 'DataImportCron',
    path: 'spec.template.spec.source.registry.url',
    prefix: 'docker://',
  },
  { group: 'image.openshift.io', kind: 'ImageStream', path: 'spec.tags[*].from', ...dockerImage() },
  { group: 'image.openshift.io', kind: 'ImageStreamTag', path: 'tag.from', ...dockerImage() },
  { group: 'build.openshift.io', kind: 'BuildConfig', path: 'spec.strategy.*.from', ...dockerImage() },
]

/** WebAssembly that a proxy or a policy server fetches from a registry: of its transport where the address says none. */
function fetchedModules(group: string, kinds: readonly string[], path: string, prefix: string): FieldRule[] {
  return kinds.flatMap((kind) => [
    { group, kind, path, prefix },
    { group, kind, path, matches: /^(?!.*:\/\/)./ },
  ])
}

function dockerImage(): Pick<FieldRule, 'parts' | 'where'> {
  return { parts: { repository: 'name' }, where: { kind: 'DockerImage' } }
}
