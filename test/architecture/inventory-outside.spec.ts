import { globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

/** Packages, and our own client, by which bytes leave the process for anything but PostgreSQL. */
const SPEAKS =
  /^import (?!type\b)[^;]*? from '(undici|[^']+\/http-client\/client-pool\.js|node:https|node:dns(\/promises)?|nodemailer|openid-client|ioredis|@aws-sdk\/[^']+|@opentelemetry\/exporter-[^']+)'/m;
const LOADS = /import\('(undici|nodemailer|openid-client|@aws-sdk\/[^']+)'\)/;
/** What a declaration calls the other side. */
const SAYS_SO = /kind: '(outside|server|telemetry|redis)'/;

/** Path → text. */
type Sources = ReadonlyMap<string, string>;

function sources(): Sources {
  const paths = globSync('src/{modules,platform}/**/*.ts').filter((path) => !path.includes('.spec.'));
  return new Map(paths.map((path) => [path, readFileSync(path, 'utf8')]));
}

const roomOf = (path: string): string => path.split('/', 3).join('/');

/** Modules and platform folders that speak to somebody. */
function speakers(files: Sources): Set<string> {
  return new Set([...files].flatMap(([path, text]) => (SPEAKS.test(text) || LOADS.test(text) ? [roomOf(path)] : [])));
}

/** Those of them that declare no store it could go to. */
function silentSpeakers(files: Sources): string[] {
  const declared = new Set(
    [...files].flatMap(([path, text]) => (path.endsWith('.inventory.ts') && SAYS_SO.test(text) ? [roomOf(path)] : [])),
  );
  return [...speakers(files)].filter((room) => !declared.has(room)).sort();
}

describe('whoever speaks to others', () => {
  it('D1: declares what goes where', () => {
    const files = sources();
    expect(speakers(files).size).toBeGreaterThan(8);
    expect(silentSpeakers(files)).toEqual([]);
  });

  it.each(['notifications', 'federation', 'gateway', 'audit'])('D1: is seen when %s does not', (module) => {
    const silenced = [...sources()].filter(([path]) => !(path.startsWith(`src/modules/${module}/`) && path.endsWith('.inventory.ts')));
    expect(silentSpeakers(new Map(silenced))).toEqual([`src/modules/${module}`]);
  });
});
