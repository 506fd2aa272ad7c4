import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { srcip } from './support/cli.ts';
import { demoWith, type Folder, is, listOf, makeFolder, startWorld, type World } from './support/world.ts';

// A cluster whose texts try to move the cursor, retitle the terminal, reverse the reading order, forge lines and end strings.
const NASTY = '\u001b[2J\u001b]0;owned\u0007\u009b31m\r\nerror: forged\u202e\u2066\u200b\u2028|`<script>"\'\\ \u{e0041}';
const RAW = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\u{e0000}-\u{e007f}]/u;

const nodeName = `worker-${NASTY}`;
const objects = demoWith((object) => {
  const { kind, metadata } = object;
  const notes = {
    annotations: { 'kubectl.kubernetes.io/last-applied-configuration': NASTY, [NASTY]: NASTY, 'metallb.io/ip-allocated-from-pool': NASTY },
    labels: { [NASTY]: NASTY },
  };
  if (is(object, 'Service', 'ingress-nginx-controller')) {
    return {
      metadata: { annotations: { ...notes.annotations, 'service.kubernetes.io/topology-mode': NASTY } },
      spec: { loadBalancerClass: NASTY, loadBalancerSourceRanges: [NASTY, '10.0.0.0/8'], externalIPs: [NASTY, '198.51.100.7'] },
      status: { loadBalancer: { ingress: [{ ip: '192.168.10.200', ipMode: NASTY }, { hostname: `lb.${NASTY}` }, { ip: NASTY }] } },
    };
  }
  if (kind === 'Node' && metadata.name === 'worker-2') {
    return {
      metadata: { name: nodeName, ...notes },
      status: { nodeInfo: { kubeProxyVersion: NASTY, kubeletVersion: NASTY, osImage: NASTY } },
    };
  }
  if (kind === 'EndpointSlice' && metadata.namespace === 'ingress-nginx') {
    return {
      endpoints: [
        {
          addresses: ['10.244.1.50'],
          conditions: { ready: true },
          nodeName,
          targetRef: { kind: 'Pod', name: `pod-${NASTY}`, namespace: NASTY },
        },
        { addresses: [NASTY], conditions: { ready: true }, nodeName: 'worker-1' },
      ],
    };
  }
  if (kind === 'DaemonSet' && metadata.name === 'kube-proxy') {
    return {
      metadata: notes,
      spec: {
        template: {
          spec: { containers: [{ name: NASTY, image: `registry/kube-proxy:${NASTY}`, command: [NASTY, `--proxy-mode=${NASTY}`] }] },
        },
      },
    };
  }
  if (kind === 'ConfigMap' && metadata.name === 'kube-proxy')
    return { data: { 'config.conf': `mode: "${JSON.stringify(NASTY).slice(1, -1)}"\nclusterCIDR: 10.244.0.0/16\n` } };
  return kind === 'Namespace' || kind === 'Service' ? undefined : { metadata: notes };
});

let world: World;
let folder: Folder;
let snapshot: string;

beforeAll(async () => {
  world = await startWorld({ objects, name: 'demo' });
  folder = makeFolder();
  snapshot = folder.write('hostile.json', listOf(objects));
});
afterAll(async () => {
  await world.end();
  folder.remove();
});

const INGRESS = ['explain', 'svc/ingress-nginx-controller', '-n', 'ingress-nginx'];

/** Without the colour codes that are our own. */
function bare(text: string): string {
  return text.replace(/\u001b\[\d{1,2}(;\d{1,2})*m/g, '');
}

describe('nothing of it reaches the terminal raw', () => {
  test.for(['table', 'wide', 'markdown', 'name', 'json', 'yaml'])('-o %s, live', async (format) => {
    const ran = await srcip([...INGRESS, '-o', format], { env: world.env });
    expect(ran.code).toBe(0);
    expect(ran.stdout).not.toMatch(RAW);
    expect(ran.stderr).toBe('');
    expect(ran.stdout.split('\n').filter((line) => line.startsWith('error: forged'))).toEqual([]);
  });

  test('-o wide with colours, from a snapshot, with -v', async () => {
    const ran = await srcip([...INGRESS, '-o', 'wide', '-v', '--snapshot', snapshot], { env: { FORCE_COLOR: '1' } });
    expect(ran.code).toBe(0);
    expect(bare(ran.stdout)).not.toMatch(RAW);
    expect(ran.stderr).not.toMatch(RAW);
  });

  test('what was hidden is shown as an escape', async () => {
    const { stdout } = await srcip([...INGRESS, '-o', 'wide'], { env: { ...world.env, COLUMNS: '1000' } });
    expect(stdout).toContain('\\x1b[2J');
    expect(stdout).toContain('\\u202e');
  });

  test('json keeps the true name', async () => {
    const { stdout } = await srcip([...INGRESS, '-o', 'json', '--to', 'nodePort'], { env: world.env });
    const { flows } = JSON.parse(stdout) as { flows: { to: { node: string } }[] };
    expect(new Set(flows.map(({ to }) => to.node))).toContain(nodeName);
  });
});

describe('errors', () => {
  test('near matches, refusals and gaps', async () => {
    const named = demoWith((object) => (is(object, 'Service', 'web') ? { metadata: { name: `web${NASTY}` } } : undefined));
    const strange = await startWorld({ objects: named });
    const ran = await srcip(['explain', 'svc/web', '-n', 'shop'], { env: strange.env });
    await strange.end();
    expect(ran.code).toBe(2);
    expect(ran.stderr).not.toMatch(RAW);
    expect(ran.stderr.trimEnd().split('\n').length).toBeLessThanOrEqual(2);
  });

  test('nodes are near matches too', async () => {
    const ran = await srcip([...INGRESS, '--via', 'worker-'], { env: world.env });
    expect(ran.code).toBe(2);
    expect(ran.stderr).not.toMatch(RAW);
  });

  test('file names of a snapshot', async () => {
    const inside = makeFolder();
    inside.write('a\u001b[2J\nerror: forged\u202e.yaml', 'kind: Service\napiVersion: v1\nmetadata: {name: [');
    inside.write('b.json', listOf(objects));
    for (const more of [[], ['-v'], ['-o', 'wide']]) {
      const ran = await srcip([...INGRESS, '--snapshot', inside.path, ...more]);
      expect(ran.stdout).not.toMatch(RAW);
      expect(ran.stderr).not.toMatch(RAW);
    }
    inside.remove();
    const gone = await srcip([...INGRESS, '--snapshot', '/tmp/\u001b[2J\nx']);
    expect(gone.stderr).not.toMatch(RAW);
  });
});
