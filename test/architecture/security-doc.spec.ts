import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';

const PAGE = 'docs/security.md';
const FOLDERS = /^(?:src|test|docs|deploy|scripts|migrations|bench|\.ci)\//;

it('S1: every file that docs/security.md rests a claim on is there', () => {
  const text = readFileSync(PAGE, 'utf8');
  const named = [...text.matchAll(/`([^`\s]+)`/g)].map(([, path = '']) => path).filter((path) => FOLDERS.test(path));
  const linked = [...text.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map(([, path = '']) => join(dirname(PAGE), path));
  expect(named.length).toBeGreaterThan(50);
  expect(linked.length).toBeGreaterThan(5);
  expect([...named, ...linked].filter((path) => !existsSync(path))).toEqual([]);
});
