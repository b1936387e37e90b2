/**
 * A stream of Kubernetes resources such as clusters hold: 60 % workloads, then Services, ConfigMaps with texts, custom
 * resources, RBAC and large CRDs; comments, quotes, flow style. The same number gives the same text.
 */
export function* generateResources(count: number): Generator<string> {
  const random = randomNumbers(7)
  for (let index = 0; index < count; index++) {
    const comment = index % 12 === 0 ? `# Source: suite/templates/part-${index}.yaml\n` : ''
    yield `---\n${comment}${resource(index, random)}`
  }
}

type Random = () => number

function randomNumbers(seed: number): Random {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff
    return state / 0x7fffffff
  }
}

function resource(index: number, random: Random): string {
  const share = index % 100
  if (share < 50) return workload('Deployment', index, random)
  if (share < 56) return workload('StatefulSet', index, random)
  if (share < 60) return workload('DaemonSet', index, random)
  if (share < 72) return head('v1', 'Service', index) + service(index)
  if (share < 83) return head('v1', 'ConfigMap', index) + configMap(index, random)
  if (share < 90) return head('rbac.authorization.k8s.io/v1', 'Role', index) + role()
  if (share < 98) return head('apps.example.com/v1', 'Engine', index) + engine(random)
  return head('apiextensions.k8s.io/v1', 'CustomResourceDefinition', index) + definition()
}

function head(apiVersion: string, kind: string, index: number): string {
  return `apiVersion: ${apiVersion}
kind: ${kind}
metadata:
  name: part-${index}
  namespace: team-${index % 40}
  labels:
    app.kubernetes.io/name: part-${index}
    app.kubernetes.io/managed-by: Helm
`
}

function image(random: Random): string {
  const registry = ['', 'registry.example.com/', 'registry.example.com:5000/', 'docker.io/'][Math.floor(random() * 4)]
  const repository = ['nginx', 'team/api', 'team/worker', 'library/redis', 'metrics/exporter'][Math.floor(random() * 5)]
  const digest =
    random() < 0.2
      ? `@sha256:${Math.floor(random() * 1e9)
          .toString(16)
          .padStart(64, '0')}`
      : ''
  return `${registry}${repository}:${Math.floor(random() * 9)}.${Math.floor(random() * 30)}${digest}`
}

function container(name: string, random: Random): string {
  return `        - name: ${name}
          image: ${random() < 0.3 ? `"${image(random)}"` : image(random)}${random() < 0.1 ? '  # pinned' : ''}
          imagePullPolicy: IfNotPresent
          args: ["--log-level=info", '--listen=:8080']
          env:
            - name: NODE_NAME
              valueFrom:
                fieldRef:
                  fieldPath: spec.nodeName
            - name: MODE
              value: "fast"
          ports:
            - containerPort: 8080
              name: http
          resources:
            limits: {cpu: 500m, memory: 256Mi}
            requests:
              cpu: 100m
              memory: 128Mi
          livenessProbe:
            httpGet:
              path: /healthz
              port: http
            initialDelaySeconds: 5
          volumeMounts:
            - mountPath: /etc/part
              name: config
              readOnly: true
`
}

function workload(kind: string, index: number, random: Random): string {
  const init = random() < 0.4 ? `      initContainers:\n${container('prepare', random)}` : ''
  const second = random() < 0.5 ? container('sidecar', random) : ''
  return `${head('apps/v1', kind, index)}spec:
  replicas: ${index % 5}
  # must match the labels of the template
  selector:
    matchLabels:
      app: part-${index}
  template:
    metadata:
      labels:
        app: part-${index}
      annotations:
        checksum/config: "${Math.floor(random() * 1e9).toString(16)}"
    spec:
      serviceAccountName: part-${index}
      tolerations:
        - key: node-role.kubernetes.io/control-plane
          operator: Exists
          effect: NoSchedule
${init}      containers:
${container('main', random)}${second}      volumes:
        - name: config
          configMap:
            name: part-${index}
`
}

function service(index: number): string {
  return `spec:\n  selector:\n    app: part-${index}\n  ports:\n    - port: 80\n      targetPort: http\n      protocol: TCP\n`
}

function configMap(index: number, random: Random): string {
  const settings = Array.from({ length: 18 }, (_, line) => `    setting_${line} = value_${index * line}\n`).join('')
  const json = `    {"sidecar": {"image": "${image(random)}", "cpu": "100m"}}\n`
  return `data:\n  settings.conf: |\n${settings}${random() < 0.2 ? `  sidecar: |-\n${json}` : ''}`
}

function role(): string {
  const rule =
    '  - apiGroups: ["", "apps"]\n    resources:\n      - pods\n      - deployments\n    verbs: [get, list, watch]\n'
  return `rules:\n${rule.repeat(3)}`
}

function engine(random: Random): string {
  return `spec:
  image: ${image(random)}
  size: 3
  backup:
    repository: registry.example.com/team/backup
    tag: "1.${Math.floor(random() * 20)}"
  settings:
    retention: 7d
`
}

function definition(): string {
  return `spec:
  group: example.com
  names: {kind: Thing, plural: things, singular: thing}
  scope: Namespaced
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties:
${properties('            ', 3)}`
}

function properties(indent: string, depth: number): string {
  return Array.from({ length: 6 }, (_, index) => {
    const text = `${indent}field${index}:\n${indent}  description: >-\n${indent}    What field ${index} means, and which values it takes. Unknown ones may be\n${indent}    refused by the server.\n`
    const isObject = depth > 0 && index % 3 === 0
    return isObject
      ? `${text}${indent}  type: object\n${indent}  properties:\n${properties(`${indent}    `, depth - 1)}`
      : `${text}${indent}  type: string\n`
  }).join('')
}
