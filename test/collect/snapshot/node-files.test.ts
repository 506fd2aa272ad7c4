import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readSnapshot } from '../../../src/collect/snapshot/read-snapshot.ts';
import { failureOf, fileOf, folderOf, IP6TABLES, IPTABLES, NFT, SERVICE_YAML } from './fixtures.ts';

const ADDR = '[{},{"ifindex":1,"ifname":"lo","addr_info":[{"local":"127.0.0.1"}]}]';
const ROUTE = '[\n{"type":"local","dst":"127.0.0.0/8","dev":"lo"}]';
const NFT_JSON = '{"nftables": [{"metainfo": {"version": "1.0.6"}}]}';

test.for([
  ['rules/node1.iptables-save', 'node1', 'iptables-save', IPTABLES],
  ['rules/node1.ip6tables-save', 'node1', 'ip6tables-save', IP6TABLES],
  ['rules/ip-10-0-1-5.ec2.internal.iptables-save', 'ip-10-0-1-5.ec2.internal', 'iptables-save', IPTABLES],
  ['rules/node1.nft', 'node1', 'nft', NFT],
  ['rules/node1.nft.json', 'node1', 'nft-json', NFT_JSON],
  ['node1/iptables-save.txt', 'node1', 'iptables-save', IPTABLES],
  ['deep/node1/ip6tables-save.txt', 'node1', 'ip6tables-save', IP6TABLES],
  ['node1/nft-ruleset.txt', 'node1', 'nft', NFT],
  ['node1/ip-addr.json', 'node1', 'ip-addr', ADDR],
  ['node1/ip-route.json', 'node1', 'ip-route', ROUTE],
  ['node1/iptables-legacy-save.txt', 'node1', 'iptables-save', IPTABLES],
  ['worker-2.txt', 'worker-2', 'iptables-save', IPTABLES],
  ['worker-2_dump', 'worker-2_dump', 'iptables-save', `# Warning: iptables-legacy tables present\n${IPTABLES}`],
  ['worker-2.txt', 'worker-2', 'ip6tables-save', '*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -s fd00::/8 -j ACCEPT\nCOMMIT\n'],
  ['worker-2.txt', 'worker-2', 'iptables-save', '*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -s 10.0.0.0/8 -j ACCEPT\nCOMMIT\n'],
  ['node1-iptables-save.txt', 'node1', 'iptables-save', IPTABLES],
  ['worker-2.rules', 'worker-2', 'nft', `# comment\n\n${NFT}`],
] as const)('%s belongs to %s, as %s', async ([name, node, format, text]) => {
  const { evidence, passedOver } = await readSnapshot(folderOf({ [name]: text }));
  expect(evidence.nodeFiles).toEqual([{ node, format, path: name, text }]);
  expect(passedOver.files).toBe(0);
});

test('a file with the rules of both families becomes two', async () => {
  const { evidence } = await readSnapshot(folderOf({ 'node1.txt': IPTABLES + IP6TABLES }));
  expect(evidence.nodeFiles.map((file) => [file.format, file.text])).toEqual([
    ['iptables-save', IPTABLES],
    ['ip6tables-save', IP6TABLES],
  ]);
});

test('a file given itself is recognised by its content, the folder names the node', async () => {
  const root = folderOf({ 'node7/iptables-save.txt': IPTABLES });
  const { evidence } = await readSnapshot(join(root, 'node7/iptables-save.txt'), { cwd: root });
  expect(evidence.nodeFiles.map((file) => file.node)).toEqual(['node7']);
  const folder = await readSnapshot(join(root, 'node7'));
  expect(folder.evidence.nodeFiles.map((file) => file.node)).toEqual(['node7']);
});

test('the same text twice is kept once, two texts of one node are both kept', async () => {
  const legacy = IPTABLES.replace('nat', 'filter');
  const { evidence } = await readSnapshot(folderOf({ 'a/node1.txt': IPTABLES, 'b/node1.txt': IPTABLES, 'c/node1.txt': legacy }));
  expect(evidence.nodeFiles.map((file) => file.path)).toEqual(['a/node1.txt', 'c/node1.txt']);
});

test('without node files their text is not kept, and they are not passed over', async () => {
  const root = folderOf({ 'web.yaml': SERVICE_YAML, 'node1/iptables-save.txt': IPTABLES });
  const { evidence, passedOver } = await readSnapshot(root, { nodeFiles: false });
  expect(evidence.nodeFiles).toEqual([]);
  expect(passedOver.files).toBe(0);
});

test('a file with the name of rules that holds none is a gap', async () => {
  const { evidence } = await readSnapshot(
    folderOf({ 'web.yaml': SERVICE_YAML, 'node3/iptables-save.txt': 'iptables-save: command not found\n' }),
  );
  expect(evidence.gaps).toEqual([{ what: 'iptables-save of node3', why: 'node3/iptables-save.txt holds no such output' }]);
  expect([...evidence.complete]).toEqual(['Service']);
});

test('text that only resembles rules is no node file', async () => {
  const failure = await failureOf(readSnapshot(fileOf('notes.txt', 'run *nat tables\ntable ip is {\n')));
  expect(failure.message).toMatch(/holds no Kubernetes objects of use$/);
});
