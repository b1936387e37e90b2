import type { Code } from './code.ts'

/** What is wrong, or will be offline, with the images that inputs name. */
export const IMAGE_CODES = {
  IMAGE_UNRESOLVED: {
    kind: 'omission',
    severity: 'warning',
    orElse: ['error'],
    one: 'image whose name is not complete',
    many: 'images whose names are not complete',
    title: 'The name of an image is not complete',
    help: 'A placeholder stands in it, such as ${REGISTRY} or {{ .Values.image }}, which a tool or an operator fills in. Which image that gives is not known here, so it is missing.',
    action:
      'Render templates first (helm template, kubectl kustomize, envsubst, oc process), or say what the names stand for: --var NAME=VALUE; or name the image with --image REF.',
  },
  IMAGE_MISSING: {
    kind: 'omission',
    severity: 'warning',
    one: 'container that names no image',
    many: 'containers that name no image',
    title: 'A container names no image',
    help: 'Either the document is a patch, and the image stands in the file that it patches, or the container cannot run.',
    action: 'Give it an image, or scan the rendered result if this is a patch (kustomize build).',
  },
  IMAGE_EMPTY: {
    kind: 'omission',
    severity: 'error',
    one: 'container whose image is empty',
    many: 'containers whose image is empty',
    title: 'The image of a container is empty',
    help: 'The API server rejects the object. A value that a template did not fill in is the usual cause.',
    action: 'Set image to registry/repository:tag.',
  },
  IMAGE_NOT_TEXT: {
    kind: 'omission',
    severity: 'error',
    one: 'image that is not a text',
    many: 'images that are not a text',
    title: 'The image of a container is not a text',
    help: 'YAML reads a bare 1.27 as a number and true as a truth value; the API server rejects both as an image.',
    action: 'Put the reference in quotes.',
  },
  REGISTRY_INVALID: {
    kind: 'hazard',
    severity: 'warning',
    title: 'A registry name holds a character that no host name may hold',
    help: 'With a "_" in its first part the whole text is a repository path, and no registry: a runtime looks for it elsewhere than its author meant.',
    action: 'Use the registry under a name without "_".',
  },
  REFERENCE_INVALID: {
    kind: 'omission',
    severity: 'error',
    one: 'image that is no image reference',
    many: 'images that are no image references',
    title: 'Not an image reference',
    help: 'The API server takes any text as an image; the kubelet then reports InvalidImageName and the pod never starts. No tool can download what it cannot name.',
    action: 'Write it as registry/repository:tag, the repository in lower case.',
  },
  POLICY_ALWAYS: {
    kind: 'hazard',
    severity: 'error',
    title: 'An image is pulled Always',
    help: 'With Always the kubelet asks a registry for the manifest at every start. Without one the pod ends in ImagePullBackOff even when the image is on the node. Always is the default for the tag latest, with a digest behind it too.',
    action:
      'Set imagePullPolicy: IfNotPresent with a version tag or a digest; or keep Always and serve a mirror (nodeseed serve).',
  },
  POLICY_INVALID: {
    kind: 'error',
    severity: 'error',
    title: 'Not a pull policy',
    help: 'The API server knows Always, IfNotPresent and Never, in this spelling, and rejects every other word.',
    action: 'Write one of Always, IfNotPresent, Never.',
  },
  TAG_MUTABLE: {
    kind: 'hazard',
    severity: 'warning',
    title: 'A tag that moves by its name',
    help: 'Tags such as latest, main or nightly stand for another image every day. Nodes that were seeded at different times then run different programs under one name.',
    action: 'Name a version, or a digest: nodeseed lock shows the digest of today.',
  },
  QUOTA_SHORT: {
    kind: 'hazard',
    severity: 'warning',
    title: 'A registry gives fewer manifests than the run needs',
    help: 'Registries such as Docker Hub count manifests for an account or an address. The run will stop in the middle, and goes on when it is started again later.',
    action: 'Log in with docker login REGISTRY for a higher limit, or take a mirror with --mirror.',
  },
} as const satisfies Record<string, Code>
