import type { Word } from './word.ts'

/**
 * What Kubernetes says of a pod when an image is the cause, or may be: waiting reasons of containers, and one event.
 * Sources: kubernetes 1.36, pkg/kubelet/images and pkg/kubelet/kuberuntime; cri-api, pkg/errors.
 */
export const KUBERNETES_WORDS = {
  ErrImageNeverPull: {
    title: 'The policy is Never, and the image is not on the node',
    help: 'The kubelet asked the runtime for the image under exactly the name that the pod has, and the runtime does not know it. With Never nothing is pulled, not even from a mirror. From Kubernetes 1.35 on it can also mean that the image is there and the kubelet wants to check its pull credentials at a registry.',
    look: 'crictl inspecti -q IMAGE on the node; crictl images shows other names of it; ctr images must be asked with -n k8s.io.',
    action:
      'Seed the node with a bundle that holds this very name (nodeseed inspect FILE); keep the pod to seeded nodes with the node selector of nodeseed patch. If crictl knows the image, see nodeseed explain CREDENTIALS_VERIFICATION.',
  },
  ErrImagePull: {
    title: 'The kubelet tried to pull the image, and failed',
    help: 'Either the image is not on the node, or its policy is Always: then a registry is asked at every start even when the image is there.',
    look: 'kubectl describe pod: the event says which host was asked and what failed; kubectl get pod -o yaml says the policy.',
    action:
      'Policy Always: set imagePullPolicy IfNotPresent or Never. Image missing: seed the node. Or let a mirror answer: nodeseed serve.',
  },
  ImagePullBackOff: {
    title: 'The kubelet waits before it tries to pull again',
    help: 'A pull has failed (ErrImagePull) and is tried again after 10 seconds, then twice as long each time, up to 5 minutes. Without a registry it never succeeds.',
    look: 'The event before it, ErrImagePull, says what failed: kubectl describe pod.',
    action:
      'As for ErrImagePull: policy, seeding, or a mirror. Once the image is there the pod starts at the next try, at the latest 5 minutes later; delete the pod to have it at once.',
  },
  ImageInspectError: {
    title: 'The runtime cannot say whether it has the image',
    help: 'The question itself failed. On CRI-O the usual cause is a short name (nginx) for which registries.conf has no registry: the image may be stored, and is not found under that name.',
    look: 'crictl inspecti IMAGE on the node, and the log of the runtime: journalctl -u crio or -u containerd.',
    action:
      'Write the registry into the image (docker.io/library/nginx), or set unqualified-search-registries in registries.conf. Damaged storage: seed the node again.',
  },
  InvalidImageName: {
    title: 'The image is not a reference that a runtime can read',
    help: 'The API server takes any text; the kubelet parses it and gives up. Capitals in the repository, a scheme such as https://, a template that was not filled in or white space are the usual causes.',
    look: 'kubectl get pod -o jsonpath={.spec.containers[*].image}; nodeseed scan says what is wrong with it.',
    action: 'Write registry/repository:tag, the repository in lower case; render templates before you apply them.',
  },
  RegistryUnavailable: {
    title: 'The registry did not answer the pull',
    help: 'A form of ErrImagePull: the runtime says that the registry cannot be reached. On a disconnected node that is to be expected of every pull.',
    look: 'kubectl describe pod names the host; on the node: the mirrors of the runtime (certs.d, registries.conf).',
    action:
      'Seed the image and use IfNotPresent or Never; or run a mirror (nodeseed serve) and point the runtime to it.',
  },
  SignatureValidationFailed: {
    title: 'The signature policy of the node refuses the image',
    help: 'CRI-O checks policy.json when it pulls and, from 1.31 on, again when it makes a container: an image that was seeded can be refused as well.',
    look: 'journalctl -u crio; /etc/containers/policy.json; on OpenShift ClusterImagePolicy and ImagePolicy.',
    action:
      'Carry the signatures too (nodeseed bundle --referrers) and serve them, or write a policy that admits the seeded images.',
  },
  CreateContainerConfigError: {
    title: 'The settings of the container cannot be made',
    help: 'Mostly a ConfigMap or Secret that is missing. The image is the cause when runAsNonRoot is set and the image runs as root or names its user in letters: the kubelet cannot tell then.',
    look: 'kubectl describe pod: "couldn\'t find key", "container has runAsNonRoot and image will run as root".',
    action: 'Create the missing object, or set runAsUser to a number. Seeding again does not help.',
  },
  CreateContainerError: {
    title: 'The runtime cannot make the container',
    help: 'The image is the cause when a layer of it is missing or damaged ("content digest … not found"), when its unpacked form is gone, or when neither image nor pod names a command ("no command specified").',
    look: 'kubectl describe pod; on the node: ctr -n k8s.io images check, and crictl inspecti IMAGE.',
    action:
      'Remove the image (crictl rmi IMAGE) and seed the node again: seed.sh checks what it imports. Presence alone does not mean that all layers are there.',
  },
  RunContainerError: {
    title: 'The container was made and could not be started',
    help: 'The image is the cause when its program is for another architecture ("exec format error") or is not in the image ("no such file or directory").',
    look: 'kubectl describe pod; kubectl get node -o wide, label kubernetes.io/arch; crictl inspecti IMAGE: architecture.',
    action:
      'Bundle the image for the platform of the node (--platform, or --nodes with the list of nodes) and seed again.',
  },
  CrashLoopBackOff: {
    title: 'The container starts, ends and is started again',
    help: 'Mostly the program itself fails. The image is the cause when the log says "exec format error": a single-platform image is taken by any node, whatever it was built for.',
    look: 'kubectl logs --previous; kubectl describe pod: exit code 255 or "exec format error".',
    action: 'For a wrong architecture bundle the image with --platform for the node; else look into the program.',
  },
  ImageVolumeMountFailed: {
    title: 'A volume of type image cannot be mounted',
    help: 'The image of the volume is missing, lacks layers, or is an artifact that this runtime does not mount: containerd mounts images only, CRI-O artifacts too.',
    look: 'kubectl describe pod; the pull policy of the volume is volumes[].image.pullPolicy.',
    action: 'Seed the image of the volume like any other, and set its pullPolicy to IfNotPresent or Never.',
  },
  FailedCreatePodSandBox: {
    title: 'The pod has no sandbox, most often for want of the pause image',
    help: 'An event, with all containers in ContainerCreating. Every pod needs the sandbox (pause) image of the runtime first; no manifest names it, and the setting of the runtime decides which one it is.',
    look: 'kubectl describe pod: "failed to get sandbox image"; crictl info | grep -i sandbox on the node. Network plug-ins cause the same event with other words.',
    action:
      'Bundle that image too (--image REF), seed and pin it, and give its name to nodeseed audit and seed with --sandbox-image.',
  },
  FailedToRetrieveImagePullSecret: {
    title: 'A pull secret that the pod names is not there',
    help: 'An event, and no failure by itself: the kubelet goes on without that secret. An image that is on the node may start all the same; from Kubernetes 1.35 on one that was pulled with a secret is asked for again.',
    look: 'spec.imagePullSecrets of the pod and of its ServiceAccount; kubectl get secrets in the namespace of the pod.',
    action:
      'Remove the name, or make the secret. Seeded images need none: see nodeseed explain CREDENTIALS_VERIFICATION.',
  },
  ImageGCFailed: {
    title: 'The kubelet could not free the disk by deleting images',
    help: 'The disk is full beyond imageGCHighThresholdPercent, and all images that are left are in use or pinned. Unpinned images that no pod uses are gone already, and offline they do not come back.',
    look: 'kubectl describe node: DiskPressure; crictl imagefsinfo and df on the node.',
    action: 'Give the node room, seed it again, and audit: nodeseed audit --images NODE=FILE shows what is missing.',
  },
} as const satisfies Record<string, Word>
