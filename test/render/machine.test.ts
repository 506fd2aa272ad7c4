import { load } from 'js-yaml';
import { describe, expect, test } from 'vitest';
import { renderReport } from './render.ts';
import { SAMPLES } from './samples.ts';
import { OPTIONS } from './support.ts';

const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

describe.for(Object.entries(SAMPLES))('%s', ([, build]) => {
  const report = build();

  test('JSON reads back as the same report', () => {
    const json = renderReport(report, 'json', OPTIONS);
    expect(JSON.parse(json)).toEqual(report);
    expect(json.endsWith('}\n')).toBe(true);
    expect(json.replaceAll('\n', '')).not.toMatch(UNSAFE);
  });

  test('YAML reads back as the same report, without anchors', () => {
    const yaml = renderReport(report, 'yaml', OPTIONS);
    expect(load(yaml)).toEqual(report);
    expect(yaml).not.toMatch(/: [&*]ref_/);
    expect(yaml.replaceAll('\n', '')).not.toMatch(UNSAFE);
  });
});

test('name is what kubectl prints', () => {
  expect(renderReport(SAMPLES['node-port-local']?.() ?? expect.unreachable(), 'name', OPTIONS)).toBe('service/web\n');
});

test('a hostile name stays one line', () => {
  expect(renderReport(SAMPLES['hostile-names']?.() ?? expect.unreachable(), 'name', OPTIONS)).toBe(
    'service/web\\x1b[2J\\x1b]0;owned\\x07\\u202egpj.exe\\x9b31m|`<b>@all\n',
  );
});
