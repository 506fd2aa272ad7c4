import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { escapeMarkdown, fenced } from '../../src/render/markdown-text.ts';
import { naturalOrder } from '../../src/render/report-index.ts';
import { quotedScalar, safeText } from '../../src/render/safe.ts';
import { count, cut, foldList, percent, widthOf, wrap } from '../../src/render/text.ts';

describe('safeText', () => {
  test.for([
    ['web-1', 'web-1'],
    ['a\x1b[31mb', 'a\\x1b[31mb'],
    ['a\nb\tc\rd', 'a\\nb\\tc\\rd'],
    ['\x00\x7f\x9b', '\\x00\\x7f\\x9b'],
    ['\u202eabc\u2066', '\\u202eabc\\u2066'],
    ['\ufeff\u200b\u2028', '\\ufeff\\u200b\\u2028'],
    ['\u{e0041}', '\\u{e0041}'],
    ['\ud800', '\\ud800'],
    ['節点 é 🚀', '節点 é 🚀'],
  ] as const)('%j', ([raw, safe]) => {
    expect(safeText(raw)).toBe(safe);
  });

  test('nothing that acts on a terminal is left', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (raw) => !/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(safeText(raw))));
  });
});

test('a quoted scalar is JSON below U+10000', () => {
  fc.assert(fc.property(fc.string({ unit: 'grapheme-ascii' }), (raw) => JSON.parse(quotedScalar(raw)) === raw));
  expect(quotedScalar('\u{e0041}')).toBe('"\\U000e0041"');
});

describe('wrap', () => {
  test.for([
    ['a bb ccc', 4, ['a bb', 'ccc']],
    ['abcdefgh', 3, ['abc', 'def', 'gh']],
    ['節点一', 4, ['節点', '一']],
    ['client\u00a0IP is', 9, ['client IP', 'is']],
    ['', 5, ['']],
  ] as const)('%j at %i', ([text, width, lines]) => {
    expect(wrap(text, width)).toEqual(lines);
  });

  test('no line is too wide, and no word is lost', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: fc.constantFrom('a', '-', '節', '🚀', 'é') })),
        fc.integer({ min: 2, max: 40 }),
        (words, width) => {
          const lines = wrap(words.join(' '), width);
          expect(lines.every((line) => widthOf(line) <= width)).toBe(true);
          expect(lines.join('').replaceAll(' ', '')).toBe(words.join(''));
        },
      ),
    );
  });
});

test('lists, counts and shares', () => {
  expect(foldList(['a', 'b', 'c'], 2)).toBe('a, b, c');
  expect(foldList(['a', 'b', 'c', 'd'], 2)).toBe('a, b (+2 more)');
  expect(count(4960)).toBe('4,960');
  expect(count(1234567)).toBe('1,234,567');
  expect([0, 0.001, 1 / 3, 0.999, 1].map(percent)).toEqual(['0%', '<1%', '33%', '>99%', '100%']);
  expect(cut('節点節点', 5, '…')).toBe('節点…');
});

test('natural order', () => {
  expect(['node10', 'node2', 'a', 'node1', 'node1a'].sort(naturalOrder)).toEqual(['a', 'node1', 'node1a', 'node2', 'node10']);
});

test('Markdown stays text', () => {
  expect(escapeMarkdown('a|b `c` *d* _e_ [f](g) <h> @i &j #k')).toBe(
    'a\\|b \\`c\\` \\*d\\* \\_e\\_ \\[f\\](g) &lt;h&gt; &#64;i &amp;j \\#k',
  );
  expect(escapeMarkdown('- not a list')).toBe('\\- not a list');
  expect(fenced(['a ``` b', '````'])).toBe('`````\na ``` b\n````\n`````');
});
