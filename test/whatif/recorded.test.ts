import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { gradeChange, loadChange } from './recorded.ts';

const FOLDER = new URL('./recorded', import.meta.url).pathname;
const NAMES = readdirSync(FOLDER).filter((name) => /-\d+$/.test(name));

describe('a change that was really made', () => {
  test.for(NAMES)('%s ends as predicted from the objects before it', (name) => {
    const grades = gradeChange(loadChange(join(FOLDER, name)));
    expect(grades.filter(({ grade }) => grade === 'disagree').map(({ about }) => about)).toEqual([]);
    const settled = grades.filter(({ grade }) => grade === 'agree' || grade === 'no address' || grade === 'open');
    expect(settled.length / grades.length).toBeGreaterThan(name.startsWith('scale') ? 0.5 : 0.99);
    // A prediction that never changes anything would agree with most of them.
    expect(grades.filter(({ about }) => !about.endsWith('unchanged)')).length).toBeGreaterThan(0);
  });
});
