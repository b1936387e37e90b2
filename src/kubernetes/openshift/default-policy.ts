import { imagesInScopes } from '../admission/policies/image-policies.ts'

/** The name of the ClusterImagePolicy that OpenShift brings itself. */
export const DEFAULT_POLICY = 'openshift'

/** The minor of the first OpenShift 4 in which it is there by default. */
export const FIRST_WITH_DEFAULT_POLICY = 21

/**
 * What it refuses unless the mirror has the signatures: release images, in every namespace. Source: the enhancement
 * openshift-image-policy of OpenShift; on by default from 4.21 (read, not run).
 */
export const DEFAULT_IMAGE_POLICY = {
  name: `ClusterImagePolicy ${DEFAULT_POLICY} (there by default from OpenShift 4.21)`,
  isAbout: imagesInScopes(['quay.io/openshift-release-dev/ocp-release']),
}
