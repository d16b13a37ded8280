import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CANARY, expectProblem, SECRET_CANARY, Target } from '../harness/bad-input.js';
import { exampleOf, fillPath, type Got, type Operation, readSurface, type Schema, send, wrongFields } from '../harness/surface.js';

// Every route of the admin API, from the document it serves itself: what is added there is tested here.
let target: Target;
let operations: Operation[];
let writes: (Operation & { readonly body: Schema })[];

beforeAll(async () => {
  target = await Target.start(0);
  const all = await readSurface(target.cluster.adminAddress, '/api/');
  // What takes a session only is refused before its input is read.
  operations = all.filter(({ isSecured, takesBearer, path }) => (!isSecured || takesBearer) && !ELSEWHERE.test(path));
  writes = operations.filter((operation): operation is Operation & { readonly body: Schema } => operation.body !== null);
});

afterAll(() => target?.stop());

/**
 * Shown elsewhere: what an operator may not do, and what others send in forms of their own (identity providers, which add parameters as they like, and a sender of
 * mail, whose signature comes before its JSON).
 */
const ELSEWHERE = /\/ownership-offer|\/saml-providers\/|\/sign-in\/(?:saml|providers)\/|\/mail-events\//;

const name = (operation: Operation): string => `${operation.method} ${operation.path}`;

/** As the operator, to the route with valid ids in its path. */
function put(operation: Operation, body?: string | Buffer, headers: Record<string, string> = {}, query = ''): Promise<Got> {
  const url = `${target.cluster.adminAddress}${fillPath(operation, target.mine.ids)}${query}`;
  return send(url, { method: operation.method, token: target.cluster.operatorToken, body, headers });
}

/** A body with a value for every field, valid as far as the schema tells, and a canary where text may be. */
function validBody(operation: { readonly body: Schema }): Record<string, unknown> {
  const known = {
    ...target.mine.ids,
    name: `n ${CANARY}`,
    slug: CANARY,
    secret: SECRET_CANARY,
    limit: '10.00',
    expiresAt: '2099-01-01T00:00:00Z',
  };
  return exampleOf({ ...operation.body, type: 'object' }, known) as Record<string, unknown>;
}

/** Runs `work` for every operation given and makes sure that nothing in the database has changed. */
async function forEach<O extends Operation>(list: readonly O[], work: (operation: O) => Promise<void>): Promise<void> {
  expect(list.length).toBeGreaterThan(0);
  const before = await target.fingerprint();
  for (const operation of list) await work(operation);
  expect(await target.fingerprint()).toEqual(before);
}

it('the document names every route there is to attack', () => {
  expect(operations.length).toBeGreaterThan(35);
  expect(writes.length).toBeGreaterThan(12);
  for (const operation of writes) expect(Object.keys(operation.body.properties ?? {}).length, name(operation)).toBeGreaterThan(0);
});

describe('a body that is not what the route takes is a 4xx that changes nothing', () => {
  const notJson: [string, (whole: string) => string | Buffer][] = [
    ['malformed JSON', () => `{"name": ${CANARY}}`],
    ['JSON that breaks off', (whole) => whole.slice(0, Math.floor(whole.length * 0.8))],
    ['an empty body', () => ''],
    ['text', () => JSON.stringify(CANARY)],
    ['an array', (whole) => `[${whole}]`],
    ['null', () => 'null'],
    ['a number', () => '42'],
    ['10,000 levels of arrays', () => `{"name":${'['.repeat(10_000)}${']'.repeat(10_000)}}`],
    ['10,000 levels of objects', () => `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`],
    [
      'bytes that are not UTF-8',
      (whole) => Buffer.concat([Buffer.from(whole.slice(0, -1)), Buffer.from([0x2c, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])]),
    ],
    ['a name that reaches for the prototype', (whole) => `{"__proto__":{"admin":true},${whole.slice(1)}`],
    ['a name that reaches for the constructor', (whole) => `{"constructor":{"prototype":{"admin":true}},${whole.slice(1)}`],
    ['100,000 fields', (whole) => `{${Array.from({ length: 100_000 }, (_, i) => `"f${i}":1`).join(',')},${whole.slice(1)}`],
  ];

  it.each(notJson)('%s', async (what, make) => {
    await forEach(writes, async (operation) => {
      expectProblem(await put(operation, make(JSON.stringify(validBody(operation)))), `${name(operation)} with ${what}`);
    });
  });

  it('a field of the wrong type is named, inner ones too', async () => {
    await forEach(writes, async (operation) => {
      for (const { field, body } of wrongFields(operation.body, validBody(operation))) {
        expectProblem(await put(operation, JSON.stringify(body)), `${name(operation)} with a wrong ${field}`, field);
      }
    });
  });

  it('a required field that is missing is named', async () => {
    await forEach(writes, async (operation) => {
      for (const field of operation.body.required ?? []) {
        const { [field]: _, ...rest } = validBody(operation);
        expectProblem(await put(operation, JSON.stringify(rest)), `${name(operation)} without ${field}`, field);
      }
    });
  });

  it('a field that does not exist is named', async () => {
    await forEach(writes, async (operation) => {
      expectProblem(await put(operation, JSON.stringify({ ...validBody(operation), colour: CANARY })), name(operation), 'colour');
    });
  });

  it.each([
    ['NUL', 'a\u0000b'],
    ['a lone surrogate', 'a\ud800b'],
    ['a text that reorders what follows', 'a\u202eb'],
    ['a text of a hundred thousand characters', 'x'.repeat(100_000)],
  ])('%s in a text is refused and the field named', async (_what, text) => {
    await forEach(writes, async (operation) => {
      for (const [field, part] of Object.entries(operation.body.properties ?? {})) {
        if (part.type !== 'string') continue;
        expectProblem(
          await put(operation, JSON.stringify({ ...validBody(operation), [field]: text })),
          `${name(operation)} ${field}`,
          field,
        );
      }
    });
  });

  it('a body of 50 MB is a 413', async () => {
    const large = Buffer.alloc(50_000_000, 'x');
    await forEach(writes, async (operation) => {
      const problem = expectProblem(await put(operation, large), name(operation));
      expect(problem.status, name(operation)).toBe(413);
    });
  });

  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/xml',
    'application/json; charset=utf-7',
    'nonsense',
  ])('the content type %s is refused', async (type) => {
    await forEach(writes, async (operation) => {
      const problem = expectProblem(await put(operation, `name=${CANARY}`, { 'content-type': type }), `${name(operation)} as ${type}`);
      expect([400, 415], name(operation)).toContain(problem.status);
    });
  });
});

describe('an address that is not what the route takes is a 4xx that changes nothing', () => {
  it.each(['not-a-uuid', '%00', '%27%20OR%201%3D1', '%ff', '..%2f..%2fme', '-1', 'x'.repeat(5_000), '%F0%9F%92%A9', '{}'])(
    'the path parameter %.20s',
    async (wrong) => {
      await forEach(
        operations.filter((operation) => operation.pathParameters.length > 0),
        async (operation) => {
          for (const parameter of operation.pathParameters) {
            const url = target.cluster.adminAddress + fillPath(operation, { ...target.mine.ids, [parameter]: wrong });
            const body = operation.body ? JSON.stringify(validBody({ body: operation.body })) : undefined;
            const got = await send(url, { method: operation.method, token: target.cluster.operatorToken, body });
            expectProblem(got, `${name(operation)} with ${parameter} ${wrong.slice(0, 20)}`);
          }
        },
      );
    },
  );

  it.each([
    ['limit', '0'],
    ['limit', '-1'],
    ['limit', '999999999999'],
    ['limit', 'abc'],
    ['limit', '1.5'],
    ['limit', '1&limit=2'],
    ['cursor', CANARY],
    ['cursor', Buffer.from(`{"id":"${CANARY}"}`).toString('base64url')],
    ['cursor', Buffer.from('{"__proto__":{}}').toString('base64url')],
    ['cursor', 'x'.repeat(2_000)],
    ['cursor', '%00'],
  ])('the query %s=%.30s of every list, and the field is named', async (field, value) => {
    const lists = operations.filter((operation) => operation.queryParameters.some((parameter) => parameter.name === field));
    await forEach(lists, async (operation) => {
      expectProblem(await put(operation, undefined, {}, `?${field}=${value}`), `${name(operation)}?${field}=${value.slice(0, 30)}`, field);
    });
  });

  it('every query parameter refuses NUL and names itself', async () => {
    const asked = operations.filter((operation) => operation.queryParameters.length > 0);
    await forEach(asked, async (operation) => {
      for (const { name: field } of operation.queryParameters) {
        expectProblem(await put(operation, undefined, {}, `?${field}=a%00b`), `${name(operation)}?${field}`, field);
      }
    });
  });

  it('a query parameter that does not exist is named', async () => {
    const asked = operations.filter((operation) => operation.queryParameters.length > 0);
    await forEach(asked, async (operation) => {
      expectProblem(await put(operation, undefined, {}, '?colour=red'), name(operation), 'colour');
    });
  });

  it('a method that no route has is a 404 or 405', async () => {
    for (const path of new Set(operations.map((operation) => operation.path))) {
      const got = await send(target.cluster.adminAddress + fillPath({ path } as Operation, target.mine.ids), {
        method: 'PROPFIND',
        token: target.cluster.operatorToken,
      });
      expect([400, 404, 405], `${path}: ${got.text}`).toContain(expectProblem(got, path).status);
    }
  });
});

describe('A3: ids of another organisation', () => {
  const own = (operation: Operation): string[] =>
    operation.pathParameters.filter((parameter) => parameter !== 'organisationId' && parameter in target.theirs.ids);

  it('in the path are a 404, and nothing of theirs or mine changes', async () => {
    const list = operations.filter(
      (operation) => operation.pathParameters.includes('organisationId') && own(operation).some((p) => p !== 'scope'),
    );
    await forEach(list, async (operation) => {
      for (const parameter of own(operation)) {
        if (parameter === 'scope') continue;
        const url =
          target.cluster.adminAddress + fillPath(operation, { ...target.mine.ids, [parameter]: target.theirs.ids[parameter] as string });
        const body = operation.body ? JSON.stringify(validBody({ body: operation.body })) : undefined;
        const problem = expectProblem(
          await send(url, { method: operation.method, token: target.cluster.operatorToken, body }),
          name(operation),
        );
        expect(problem.status, `${name(operation)} with a foreign ${parameter}`).toBe(body === undefined ? 404 : problem.status);
      }
    });
  });

  it('in a body are refused like ids that do not exist', async () => {
    const withIds = writes.filter((operation) => JSON.stringify(validBody(operation)).match(/projectId|credentialId|scopeId/));
    await forEach(withIds, async (operation) => {
      const { projectId, credentialId } = target.theirs.ids;
      for (const theirs of [{ projectId }, { credentialId, targets: [{ credentialId }] }, { scope: 'project', scopeId: projectId }]) {
        const [field = ''] = Object.keys(theirs);
        if (!JSON.stringify(operation.body).includes(`"${field}"`)) continue;
        const whole: Record<string, unknown> = validBody(operation);
        for (const [part, value] of Object.entries(theirs)) if (part in whole) whole[part] = value;
        expectProblem(await put(operation, JSON.stringify(whole)), `${name(operation)} with a foreign ${field}`);
      }
    });
  });

  it('are out of reach in the database too, in every table that has an organisation', async () => {
    const tables = await target.cluster.rows<{ name: string }>(
      `SELECT c.relname AS name FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'organisation_id'
       WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') ORDER BY 1`,
    );
    expect(tables.length).toBeGreaterThan(8);
    await forEach([{}] as Operation[], async () => {
      for (const { name: table } of tables) {
        for (const statement of [
          `SELECT 1 FROM "${table}"`,
          `DELETE FROM "${table}"`,
          `UPDATE "${table}" SET organisation_id = organisation_id`,
        ]) {
          const reached = await asApplication(`${statement} WHERE organisation_id = '${target.theirs.ids.organisationId}'`);
          expect(reached, statement).toBe(0);
        }
      }
    });
  });
});

/** Rows a statement reaches for the application's role on behalf of my organisation; 0 as well where the role may not run it at all. */
async function asApplication(statement: string): Promise<number> {
  const block = `DO $$ DECLARE n integer; BEGIN
    PERFORM set_config('lethe.organisation_id', '${target.mine.ids.organisationId}', true);
    SET LOCAL ROLE lethe_app;
    BEGIN ${statement}; GET DIAGNOSTICS n = ROW_COUNT; EXCEPTION WHEN insufficient_privilege THEN n := 0; END;
    RESET ROLE;
    IF n > 0 THEN RAISE EXCEPTION 'reached %', n; END IF;
  END $$`;
  try {
    await target.cluster.rows(block.replace('BEGIN SELECT 1', 'BEGIN PERFORM 1'));
    return 0;
  } catch (error) {
    return Number(/reached (\d+)/.exec((error as Error).message)?.[1] ?? -1);
  }
}

it('none of it is in the log', () => {
  expect(target.cluster.output).not.toContain(CANARY);
});
