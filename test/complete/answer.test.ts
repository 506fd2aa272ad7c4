import { describe, expect, test } from 'vitest';
import { answer } from '../../src/complete/answer.ts';
import type { Cluster, Sources } from '../../src/complete/cluster.ts';
import { readManifest } from '../../src/complete/manifest.ts';
import { printReply } from '../../src/complete/reply.ts';
import { describeRules } from '../../src/findings/describe-rules.ts';

const manifest = readManifest();

const NAMES: Readonly<Record<string, readonly string[]>> = {
  namespaces: ['default', 'shop'],
  nodes: ['worker-1', 'worker-2', '$(reboot)', 'bad\tname', 'evil\nsvc/fake'],
  services: ['web', 'web-admin', 'db', '`id`', '\u001b[31mred', '-rf'],
  pods: ['web-1', 'web-2'],
  'pods shop': ['cart-1'],
  deployments: ['web'],
};

const cluster: Cluster = {
  names: async (resource, namespace) => NAMES[namespace === undefined ? resource : `${resource} ${namespace}`] ?? [],
  service: async (name) =>
    name !== 'web'
      ? null
      : {
          apiVersion: 'v1',
          kind: 'Service',
          metadata: { name },
          spec: {
            clusterIPs: ['10.96.0.7', 'fd00::7'],
            externalIPs: ['192.0.2.9', 'not an address'],
            ports: [
              { name: 'http', port: 80 },
              { name: 'dns', port: 53, protocol: 'UDP' },
            ],
          },
          status: { loadBalancer: { ingress: [{ ip: '203.0.113.10' }, { hostname: 'lb.example' }] } },
        },
};

const sources: Sources = {
  cluster,
  config: {
    names: async () => [
      { name: 'prod', about: 'arn:aws:eks:eu-west-1:1:cluster/prod' },
      { name: 'kubernetes-admin@kubernetes', about: '' },
      { name: 'has space', about: '' },
    ],
  },
  findings: async () => describeRules(),
  demoClusters: async () => ['cluster', 'nodeport-hang'],
};

/** The values and the directive for a command line whose last word is unfinished. */
async function complete(line: string): Promise<string> {
  const { suggestions, directive } = await answer(line.split(' '), manifest, sources);
  return `${suggestions.map(({ value }) => value).join(' ')} :${directive}`;
}

describe('words to values and directive', () => {
  test.for([
    ['', 'assert check demo explain snapshot trace verify whatif :4'],
    ['ex', 'explain :4'],
    ['nope', ' :4'],
    ['nope svc/', ' :4'],
    ['--v', '--version :4'],
    ['help tr', 'trace :4'],
    ['help trace ', ' :4'],
    ['snapshot ', ' :4'],
    ['demo ', ' :4'],
    ['demo --cluster n', 'nodeport-hang :4'],
    ['demo --port ', ' :4'],
    // Services
    ['explain ', 'svc/web svc/web-admin svc/db :4'],
    ['explain s', 'svc/web svc/web-admin svc/db :4'],
    ['explain w', 'web web-admin :4'],
    ['explain service/w', 'service/web service/web-admin :4'],
    ['explain pod/', ' :4'],
    ['explain svc w', 'web web-admin :4'],
    ['explain svc web ', ' :4'],
    ['explain svc/web ', ' :4'],
    ['explain -n shop svc/d', 'svc/db :4'],
    ['explain --verbose -o wide d', 'db :4'],
    ['explain -- svc/d', 'svc/db :4'],
    ['explain -- --', ' :4'],
    ['check svc/web ', 'svc/web-admin svc/db :4'],
    ['check svc web w', 'web-admin :4'],
    ['check web -A d', 'db :4'],
    ['assert ', ' :4'],
    ['assert --init ', 'svc/web svc/web-admin svc/db :4'],
    // Flags
    ['explain --out', '--output :4'],
    ['explain -o json --out', ' :4'],
    ['explain --no-c', '--no-color :4'],
    ['explain --no-color --no-c', ' :4'],
    ['explain --from external --fro', '--from :4'],
    ['explain --hel', '--help :4'],
    ['verify --nodes worker-1 --all-n', '--all-namespaces :4'],
    ['explain -n', '-n :4'],
    // Enumerations, in every form of a flag
    ['explain -o ', 'table wide json yaml markdown name :4'],
    ['explain -oj', '-ojson :4'],
    ['explain -o=j', 'json :4'],
    ['explain --output=j', 'json :4'],
    ['check --output s', 'sarif :4'],
    ['check --fail-on w', 'warning :4'],
    ['explain --ssh-address I', 'InternalIP :4'],
    ['whatif --proxy-mode n', 'nftables :4'],
    ['whatif --kube-version 1.2', '1.29 1.28 1.27 1.26 1.25 1.24 1.23 1.22 1.21 1.20 :4'],
    ['whatif --detect-local B', 'BridgeInterface= :6'],
    // Names
    ['explain -n s', 'shop :4'],
    ['explain -ns', '-nshop :4'],
    ['explain --namespace=', 'default shop :4'],
    ['explain --context ', 'prod kubernetes-admin@kubernetes :4'],
    ['explain --cluster p', 'prod :4'],
    ['explain --via ', 'worker-1 worker-2 :4'],
    ['whatif --drain worker-1 --cordon ', 'worker-1 worker-2 :4'],
    ['verify --nodes worker-1,', 'worker-1,worker-2 :4'],
    // Clients and targets, in steps
    ['explain --from ', 'external external= node/ pod/ pod@ :6'],
    ['explain --from n', 'node/ :6'],
    ['explain --from node/', 'node/worker-1 node/worker-2 :4'],
    ['explain --from pod@', 'pod@worker-1 pod@worker-2 :4'],
    ['explain --from pod/', 'pod/web-1 pod/web-2 pod/default/ pod/shop/ :6'],
    ['explain --from pod/w', 'pod/web-1 pod/web-2 :4'],
    ['explain --from pod/shop/', 'pod/shop/cart-1 :4'],
    ['explain --from external=', 'external= :6'],
    ['explain --to node/', 'node/worker-1 node/worker-2 :4'],
    ['explain --to c', 'clusterIP :4'],
    ['explain svc/web --to 1', '10.96.0.7:80 10.96.0.7:53/udp 192.0.2.9:80 192.0.2.9:53/udp :4'],
    ['explain svc web --to [', '[fd00::7]:80 [fd00::7]:53/udp :4'],
    ['explain svc/web --to 203.0.113.10:5', '203.0.113.10:53/udp :4'],
    ['explain svc/db --to 1', ' :4'],
    ['explain svc/web --port ', 'http 80 dns 53 :4'],
    ['explain --port ', ' :4'],
    // Changes
    ['whatif --set ext', 'externalTrafficPolicy= externalIPs= :6'],
    ['whatif --set externalTrafficPolicy=', 'externalTrafficPolicy=Cluster externalTrafficPolicy=Local :4'],
    ['whatif --set=externalTrafficPolicy=L', 'externalTrafficPolicy=Local :4'],
    ['whatif --set nope=', ' :4'],
    ['whatif --set constructor=', ' :4'],
    ['whatif --delete-pod w', 'web-1 web-2 :4'],
    ['whatif --delete-pod shop/', 'shop/cart-1 :4'],
    ['whatif --move w', 'web-1= web-2= :6'],
    ['whatif --move web-1=', 'web-1=worker-1 web-1=worker-2 :4'],
    // Findings
    ['check --select SIP103,SIP102', 'SIP103,SIP102 :4'],
    ['check --select SIP103,SIP103', ' :4'],
    ['check --ignore local-single', 'local-single-node :4'],
    // Paths
    ['verify --rules ', 'ssh exec debug :0'],
    ['verify --rules ./du', ' :0'],
    ['check -f ', ' :0'],
    ['explain --snapshot ', ' :0'],
    ['explain --kubeconfig ', ' :0'],
    ['snapshot -o ', ' :0'],
    ['check --baseline ', 'json :8'],
    ['check --suppressions ', 'yaml yml :8'],
    // Nobody can know
    ['explain --token ', ' :4'],
    ['explain --as ', ' :4'],
    ['explain --unknown ', 'svc/web svc/web-admin svc/db :4'],
  ] as const)('%j → %s', async ([line, expected]) => {
    expect(await complete(line)).toBe(expected);
  });

  test('every flag of every command has an answer, and every description is one line', async () => {
    for (const [name, command] of Object.entries(manifest.commands)) {
      for (const flag of Object.values(command.flags)) {
        const reply = await answer([name, `--${flag.name}`, ''], manifest, sources);
        expect(printReply(reply)).toMatch(/^(?:[^\t\n ]+(?:\t[^\t\n]{1,90})?\n)*:\d+\n$/);
      }
    }
  });
});

describe('what is printed', () => {
  test("cobra's form: descriptions behind a tab, the directive last", async () => {
    expect(printReply(await answer(['explain', 'svc/web', '--port', 'h'], manifest, sources))).toBe('http\t80/TCP\n:4\n');
  });

  test('a description cannot break a line, nor move the cursor, nor fill the screen', () => {
    const description = `a\tb\nc\u001b[31m\u202e${'x'.repeat(500)}`;
    const printed = printReply({ suggestions: [{ value: 'v', description }], directive: 4 });
    expect(printed).toMatch(/^v\ta b c \[31m x+…\n:4\n$/);
    expect(printed.length).toBeLessThan(100);
  });

  test('thousands of names are cut', () => {
    const suggestions = Array.from({ length: 5000 }, (_, index) => ({ value: `n${index}` }));
    expect(printReply({ suggestions, directive: 4 }).split('\n')).toHaveLength(1002);
  });
});
