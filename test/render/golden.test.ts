import { expect, test } from 'vitest';
import { renderReport } from './render.ts';
import { SAMPLES } from './samples.ts';
import { OPTIONS } from './support.ts';

const NAMES = Object.keys(SAMPLES);

function sample(name: string): ReturnType<(typeof SAMPLES)[string]> {
  const build = SAMPLES[name];
  if (build === undefined) throw new Error(`no sample ${name}`);
  return build();
}

test.for(NAMES.flatMap((name) => [60, 100, 160].map((columns) => [name, columns] as const)))(
  'table %s at %i columns',
  async ([name, columns]) => {
    await expect(renderReport(sample(name), 'table', { ...OPTIONS, columns })).toMatchFileSnapshot(`golden/${name}.${columns}.txt`);
  },
);

test.for(['node-port-local', 'load-balancer-ranges', 'undetermined', 'hostile-names'])('wide %s', async (name) => {
  await expect(renderReport(sample(name), 'wide', OPTIONS)).toMatchFileSnapshot(`golden/${name}.wide.txt`);
});

test.for(['node-port-local', 'named-clients', 'hostile-names', 'big-cluster'])('markdown %s', async (name) => {
  await expect(renderReport(sample(name), 'markdown', OPTIONS)).toMatchFileSnapshot(`golden/${name}.md`);
});

test('machine formats', async () => {
  await expect(renderReport(sample('hostile-names'), 'json', OPTIONS)).toMatchFileSnapshot('golden/hostile-names.json');
  await expect(renderReport(sample('hostile-names'), 'yaml', OPTIONS)).toMatchFileSnapshot('golden/hostile-names.yaml');
});

test('a terminal without Unicode', async () => {
  const output = renderReport(sample('load-balancer-ranges'), 'table', { ...OPTIONS, unicode: false });
  expect(output).toMatch(/^[\x20-\x7e\n]*$/);
  await expect(output).toMatchFileSnapshot('golden/load-balancer-ranges.ascii.txt');
});

test('colour adds nothing but colour', async () => {
  const plain = renderReport(sample('node-port-local'), 'table', OPTIONS);
  const coloured = renderReport(sample('node-port-local'), 'table', { ...OPTIONS, color: true });
  expect(coloured).not.toBe(plain);
  expect(coloured.replace(/\x1b\[\d+m/g, '')).toBe(plain);
  await expect(coloured).toMatchFileSnapshot('golden/node-port-local.color.txt');
});
