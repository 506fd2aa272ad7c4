import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { expect, test } from 'vitest';
import { balancer, service } from '../cluster/objects.ts';
import { ask, cluster, webPod } from './ask.ts';

const schema = JSON.parse(readFileSync(new URL('../../schemas/whatif-report.schema.json', import.meta.url), 'utf8'));
const validate = new Ajv({ strict: true, allowUnionTypes: true, allErrors: true }).compile(schema);
const pods = [webPod(1), webPod(3)];
const clusterIp = service({ spec: { type: 'ClusterIP', ports: [{ port: 80, targetPort: 8080, protocol: 'TCP' }] } });

test.for([
  [service(), ['set:externalTrafficPolicy=Local']],
  [clusterIp, ['set:type=LoadBalancer', 'set:externalTrafficPolicy=Local']],
  [balancer(), ['scale:1', 'drain:node2']],
  [balancer(), ['move:web-1=node4', 'proxy-mode:nftables']],
  [service(), ['proxy-mode:ipvs']],
] as const)('%#: the report is as its schema says', ([of, changes]) => {
  validate(JSON.parse(JSON.stringify(ask(cluster(of, pods), changes))));
  expect(validate.errors).toBeNull();
});
