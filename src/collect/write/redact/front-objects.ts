import { addressText, className, hostName, labelKey, labels, nameOf, portName, portOrName, reference, word } from './fields.ts';
import { each, plain, shape } from './shape.ts';

/** What stands in front of Services, and what decides who may come in. */

const SELECTOR = shape({ matchLabels: labels, matchExpressions: each(shape({ key: labelKey, operator: word, values: each(word) })) });

const BACKEND = shape({ service: shape({ name: nameOf('service'), port: shape({ name: portName, number: plain }) }) });

export const INGRESS = shape({
  spec: shape({
    ingressClassName: className,
    defaultBackend: BACKEND,
    tls: each(shape({ hosts: each(hostName) })),
    rules: each(shape({ host: hostName, http: shape({ paths: each(shape({ backend: BACKEND })) }) })),
  }),
  status: shape({ loadBalancer: shape({ ingress: each(shape({ ip: addressText, hostname: hostName, ipMode: word })) }) }),
});

export const INGRESS_CLASS = shape({ spec: shape({ controller: className }) });

export const GATEWAY = shape({
  spec: shape({
    gatewayClassName: className,
    listeners: each(shape({ name: portName, hostname: hostName, port: plain, protocol: word })),
  }),
  status: shape({ addresses: each(shape({ type: word, value: addressText })) }),
});

export const ROUTE = shape({
  spec: shape({
    hostnames: each(hostName),
    parentRefs: each(reference),
    rules: each(shape({ backendRefs: each(reference) })),
  }),
});

export const NETWORK_POLICY = shape({
  spec: shape({
    podSelector: SELECTOR,
    policyTypes: each(word),
    ingress: each(
      shape({
        from: each(
          shape({
            ipBlock: shape({ cidr: addressText, except: each(addressText) }),
            podSelector: SELECTOR,
            namespaceSelector: SELECTOR,
          }),
        ),
        ports: each(shape({ protocol: word, port: portOrName, endPort: plain })),
      }),
    ),
  }),
});

export const CHALLENGE = shape({
  spec: shape({ dnsName: hostName, type: word }),
  status: shape({ state: word, presented: plain, processing: plain }),
});

export const BUDGET = shape({ spec: shape({ minAvailable: plain, maxUnavailable: plain, selector: SELECTOR }) });

/** The numbers of a roll-out, and what they are about. */
export const ROLLOUT = {
  replicas: plain,
  minReadySeconds: plain,
  selector: SELECTOR,
  strategy: shape({ type: word, rollingUpdate: shape({ maxSurge: plain, maxUnavailable: plain }) }),
  updateStrategy: shape({ type: word, rollingUpdate: shape({ maxSurge: plain, maxUnavailable: plain }) }),
};
