import 'reflect-metadata';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { Body, Controller, Get, HttpException, Module, Param, Post, Query, ServiceUnavailableException } from '@nestjs/common';
import { APP_GUARD, NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsArray, IsOptional, ValidateNested } from 'class-validator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SystemClock } from '../../kernel/clock.js';
import { kernelErrors } from '../../kernel/errors.js';
import { isId, newId, type ApiKeyId, type Id, type OrganisationId, type ProjectId } from '../../kernel/ids.js';
import { Log } from '../telemetry/logger.js';
import { TelemetryModule } from '../telemetry/telemetry.module.js';
import { PermissionGuard } from './access.guard.js';
import { BEARER_SCHEME, CurrentPrincipal, Public, Requires, SESSION_SCHEME } from './access.js';
import { ControlPlaneHttpModule } from './control-plane-http.module.js';
import { configureControlPlane, fastifyOptions } from './control-plane.js';
import { IsAmount, IsCleanText, IsId } from './field-rules.js';
import { organisationScope } from './organisation-scope.js';
import { ApiPage, decodeCursor, type Page, PageQuery, pageOf } from './pagination.js';
import type { Principal } from './principal.js';
import { PROBLEM_CONTENT_TYPE } from './problem.js';
import { ParseIdPipe } from './validation.js';

const CANARY = 'canary-4711';
const OWN = newId<OrganisationId>();
const written: string[] = [];
const log = Log.open({ level: 'trace', destination: { write: (line: string) => void written.push(line) } });

class TargetDto {
  @IsId()
  credentialId: string;
}

class RouteDto {
  @IsCleanText({ min: 1, max: 20 })
  name: string;

  @IsOptional()
  @IsAmount()
  price?: string;

  @IsArray()
  @ValidateNested({ each: true })
  @Type(() => TargetDto)
  targets: TargetDto[];
}

const failures: Record<string, () => unknown> = {
  unknown: () => new Error(`secret ${CANARY}`),
  conflict: () => kernelErrors.conflict({ message: 'That name is taken.', details: { field: 'name' } }),
  unique: () => Object.assign(new Error(`Key (email)=(${CANARY})`), { code: '23505', detail: CANARY }),
  nul: () => Object.assign(new Error(CANARY), { code: '22021' }),
  lost: () => new Error('Connection terminated unexpectedly'),
  refused: () => Object.assign(new AggregateError([], CANARY), { code: 'ECONNREFUSED' }),
  nest: () => new HttpException(`Cannot ${CANARY}`, 409),
  health: () =>
    new ServiceUnavailableException({
      status: 'error',
      details: { database: { status: 'down', message: CANARY }, queue: { status: 'up' } },
    }),
  thrown: () => CANARY,
};

@Controller('api/v1/things')
class ThingsController {
  @Post()
  @Requires('routes:write')
  create(@Body() body: RouteDto): RouteDto {
    return body;
  }

  @Get()
  @Requires('routes:read')
  @ApiPage(TargetDto)
  list(@Query() query: PageQuery): Page<{ n: number }> {
    const after = decodeCursor(query.cursor, { n: 'number' })?.n ?? 0;
    const rows = Array.from({ length: query.limit + 1 }, (_, index) => after + index + 1).filter((n) => n <= 120);
    return pageOf(
      rows,
      query.limit,
      (n) => ({ n }),
      (n) => ({ n }),
    );
  }

  @Get('fail/:how')
  @Public()
  fail(@Param('how') how: string): never {
    throw failures[how]?.();
  }

  @Get('organisations/:organisationId')
  @Requires('usage:read')
  organisation(
    @Param('organisationId', ParseIdPipe) id: OrganisationId,
    @CurrentPrincipal() principal: Principal,
  ): { scope: string | null } {
    return { scope: organisationScope(principal, id) ?? null };
  }

  @Get('public')
  @Public()
  open(): { ok: true } {
    return { ok: true };
  }
}

@Module({
  imports: [
    TelemetryModule.forRoot({ log, metrics: { clock: new SystemClock(), processMetrics: false }, exposeMetrics: true }),
    ControlPlaneHttpModule,
  ],
  controllers: [ThingsController],
  providers: [{ provide: APP_GUARD, useClass: PermissionGuard }],
})
class TestModule {}

function serviceKey(permissions: string): Principal {
  const held = new Set(permissions.split(',')) as unknown as Principal['permissions'];
  return { kind: 'service_key', id: newId<ApiKeyId>(), organisationId: OWN, projectId: newId<ProjectId>(), permissions: held };
}

async function start(): Promise<NestFastifyApplication> {
  const app = await NestFactory.create<NestFastifyApplication>(TestModule, new FastifyAdapter(fastifyOptions(10_000)), {
    logger: false,
    abortOnError: false,
  });
  await configureControlPlane(app, { development: true, corsOrigins: [] });
  const server = app.getHttpAdapter().getInstance();
  // Stands in for authentication, which app/ binds: the header names the permissions that the caller holds.
  server.addHook('onRequest', (request, _reply, done) => {
    const held = request.headers['x-test-permissions'];
    if (typeof held === 'string') Object.assign(request, { user: serviceKey(held) });
    if (request.headers['x-test-forged'] !== undefined)
      Object.assign(request, { user: { kind: 'operator', permissions: ['routes:read'] } });
    done();
  });
  const document = SwaggerModule.createDocument(
    app,
    new DocumentBuilder().addBearerAuth({ type: 'http', scheme: 'bearer' }, BEARER_SCHEME).build(),
  );
  SwaggerModule.setup('docs', app, document);
  await app.listen(0, '127.0.0.1');
  return app;
}

let app: NestFastifyApplication;
beforeAll(async () => {
  app = await start();
});
afterAll(async () => {
  await app.close();
});

type Answer = Awaited<ReturnType<NestFastifyApplication['inject']>>;

function post(payload: unknown, headers: Record<string, string> = {}): Promise<Answer> {
  const body = typeof payload === 'string' ? payload : JSON.stringify(payload);
  const all = { 'content-type': 'application/json', 'x-test-permissions': 'routes:write', ...headers };
  return app.inject({ method: 'POST', url: '/api/v1/things', payload: body, headers: all });
}

function get(url: string, headers: Record<string, string> = {}): Promise<Answer> {
  return app.inject({ method: 'GET', url, headers });
}

function expectProblem(answer: Answer, status: number, code: string): Record<string, unknown> {
  const problem = answer.json<Record<string, unknown>>();
  expect(answer.statusCode).toBe(status);
  expect(answer.headers['content-type']).toContain(PROBLEM_CONTENT_TYPE);
  expect(problem).toMatchObject({
    status,
    code,
    type: `urn:lethe:error:${code.replace('/', ':')}`,
    requestId: answer.headers['x-request-id'],
  });
  expect(isId(problem.requestId)).toBe(true);
  expect(answer.body).not.toMatch(/canary|stack|node_modules/i);
  return problem;
}

const valid = { name: 'main', price: '0.25', targets: [{ credentialId: newId<Id<'credential'>>() }] };

describe('errors of the control plane', () => {
  it.each([
    ['unknown', 500, 'lethe/internal'],
    ['thrown', 500, 'lethe/internal'],
    ['conflict', 409, 'lethe/conflict'],
    ['unique', 409, 'lethe/conflict'],
    ['nul', 400, 'lethe/invalid_request'],
    ['lost', 503, 'lethe/unavailable'],
    ['refused', 503, 'lethe/unavailable'],
    ['nest', 409, 'lethe/conflict'],
    ['health', 503, 'lethe/unavailable'],
  ])('a failure (%s) is a %i problem with the request id and nothing of its cause', async (how, status, code) => {
    const answer = await get(`/api/v1/things/fail/${how}`);
    expectProblem(answer, status, code);
    if (status === 503) expect(answer.headers['retry-after']).toBe('2');
  });

  it('keeps the sentence and the facts of our own errors', async () => {
    const problem = expectProblem(await get('/api/v1/things/fail/conflict'), 409, 'lethe/conflict');
    expect(problem).toMatchObject({
      detail: 'That name is taken.',
      details: { field: 'name' },
      title: 'The resource already exists or has changed.',
    });
  });

  it('says which parts are down when a health check fails, without their messages', async () => {
    const problem = expectProblem(await get('/api/v1/things/fail/health'), 503, 'lethe/unavailable');
    expect(problem.details).toEqual({ checks: { database: 'down', queue: 'up' } });
  });

  it('C1, K2: a failure is logged with its request id and without its message', async () => {
    written.length = 0;
    const answer = await get('/api/v1/things/fail/unknown');
    const line = JSON.parse(written.find((each) => each.includes('a request failed')) ?? 'null') as Record<string, unknown>;
    expect(line).toMatchObject({ requestId: answer.headers['x-request-id'], route: '/api/v1/things/fail/:how', err: { name: 'Error' } });
    expect(written.join('')).not.toContain(CANARY);
  });

  it('an address that does not exist is a 404 that does not repeat it', async () => {
    expectProblem(await get(`/api/v1/${CANARY}?key=${CANARY}`), 404, 'lethe/not_found');
    expectProblem(await get(`/%ZZ${CANARY}`), 400, 'http/malformed_request');
  });

  it.each([
    [`{"name": "${CANARY}`, 'http/malformed_json', 400],
    [`{"name": ${CANARY}}`, 'http/malformed_json', 400],
    ['', 'lethe/invalid_request', 400],
    ['{"__proto__": {"canary-4711": 1}}', 'http/malformed_json', 400],
    [`{"name": "${'x'.repeat(20_000)}"}`, 'http/body_too_large', 413],
  ])('a body that cannot be read is refused without quoting it (%#)', async (body, code, status) => {
    expectProblem(await post(body), status, code);
  });

  it('a body that is not JSON is a 415', async () => {
    expectProblem(await post('a=b', { 'content-type': 'text/xml' }), 415, 'http/unsupported_media_type');
  });

  it.each([
    [`GET / HTTP/1.1\r\nhost: x\r\nbad header ${CANARY}\r\n\r\n`, 400, 'http/malformed_request'],
    [`GET / HTTP/1.1\r\nhost: x\r\nx-long: ${'a'.repeat(40_000)}\r\n\r\n`, 431, 'http/headers_too_large'],
  ])('bytes that are not HTTP get a problem too (%#)', async (bytes, status, code) => {
    const { port } = app.getHttpServer().address() as AddressInfo;
    const answer = await new Promise<string>((resolve, reject) => {
      let text = '';
      const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
      socket.on('data', (piece) => (text += piece.toString()));
      socket.on('close', () => resolve(text));
      socket.on('error', reject);
    });
    expect(answer.startsWith(`HTTP/1.1 ${status} `)).toBe(true);
    expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4))).toMatchObject({ status, code });
    expect(answer).not.toContain(CANARY);
  });
});

describe('validation', () => {
  it('takes valid input', async () => {
    const answer = await post(valid);
    expect(answer.statusCode).toBe(201);
    expect(answer.json()).toEqual(valid);
  });

  it.each([
    [{ ...valid, name: 5 }, 'name', /^must be text of 1 to 20 characters/],
    [{ ...valid, name: '   ' }, 'name', /not blank/],
    [{ ...valid, name: 'a\u0000b' }, 'name', /NUL/],
    ['{"name":"\\ud800","targets":[]}', 'name', /surrogate/],
    [{ ...valid, price: 0.25 }, 'price', /written as text/],
    [{ ...valid, price: '-1' }, 'price', /above zero/],
    [{ ...valid, targets: [{ credentialId: 'x' }] }, 'targets[0].credentialId', /^must be a UUID$/],
    [{ ...valid, targets: [{ credentialId: newId(), extra: CANARY }] }, 'targets[0].extra', /^is not a field/],
    [{ ...valid, targets: 'x' }, 'targets', /array/],
    [{ ...valid, targets: [null] }, 'targets[0]', /object/],
    [{ ...valid, unknown: CANARY }, 'unknown', /^is not a field/],
    [{ ...valid, deep: { a: { 'b\u0000': 1 } } }, 'deep.a', /names with NUL/],
    [`{"name":"x","targets":${'['.repeat(4_000)}${']'.repeat(4_000)}}`, 'targets[0][0][0][0][0][0][0][0][0][0][0][0][0][0][0]', /deeper/],
    ['[]', 'body', /object/],
    ['null', 'body', /object/],
    ['"x"', 'body', /object/],
  ])('names the wrong field and says what would be right, without the value (%#)', async (body, field, message) => {
    const { errors } = expectProblem(await post(body), 400, 'lethe/invalid_request') as { errors: { field: string; message: string }[] };
    expect(errors.find((error) => error.field === field)?.message).toMatch(message);
  });

  it('refuses a path parameter that is no id, and one with NUL', async () => {
    const headers = { 'x-test-permissions': 'usage:read' };
    const problem = expectProblem(await get('/api/v1/things/organisations/1', headers), 400, 'lethe/invalid_request');
    expect(problem.errors).toEqual([{ field: 'organisationId', message: 'must be a UUID' }]);
    expectProblem(await get('/api/v1/things/fail/a%00b'), 400, 'lethe/invalid_request');
  });
});

describe('pagination', () => {
  const headers = { 'x-test-permissions': 'routes:read' };

  it('walks a list to its end without gaps or repeats', async () => {
    const seen: number[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const answer: Answer = await get(`/api/v1/things?limit=50${cursor ? `&cursor=${cursor}` : ''}`, headers);
      const page = answer.json<{ data: { n: number }[]; nextCursor: string | null }>();
      seen.push(...page.data.map((item) => item.n));
      cursor = page.nextCursor;
    }
    expect(seen).toEqual(Array.from({ length: 120 }, (_, index) => index + 1));
  });

  it.each([
    'limit=0',
    'limit=201',
    'limit=1e2',
    'limit=x',
    'limit=',
    'limit=1&limit=2',
    'cursor=x',
    'cursor=',
    'cursor=e30',
    'cursor=eyJuIjoieCJ9',
    'cursor=W10',
    'other=1',
    `cursor=${'a'.repeat(600)}`,
  ])('refuses ?%s and names the field', async (query) => {
    const { errors } = expectProblem(await get(`/api/v1/things?${query}`, headers), 400, 'lethe/invalid_request') as {
      errors: { field: string }[];
    };
    expect(query.startsWith(errors[0]?.field ?? '?')).toBe(true);
  });
});

describe('access', () => {
  it('answers 401 without a principal, 403 without the permission, and says how to authenticate', async () => {
    const anonymous = await get('/api/v1/things');
    expectProblem(anonymous, 401, 'http/unauthenticated');
    expect(anonymous.headers['www-authenticate']).toContain('Bearer');
    expectProblem(await get('/api/v1/things', { 'x-test-permissions': 'usage:read' }), 403, 'http/forbidden');
    expectProblem(await get('/api/v1/things', { 'x-test-forged': '1' }), 401, 'http/unauthenticated');
    expect((await get('/api/v1/things/public')).statusCode).toBe(200);
  });

  it('A3: a service key gets 404 for another organisation, as for one that does not exist', async () => {
    const headers = { 'x-test-permissions': 'usage:read' };
    expect((await get(`/api/v1/things/organisations/${OWN}`, headers)).json()).toEqual({ scope: OWN });
    expectProblem(await get(`/api/v1/things/organisations/${newId()}`, headers), 404, 'lethe/not_found');
  });

  it('documents both schemes and the 401 and 403 of a protected route', async () => {
    const document = (await get('/docs-json')).json<{ paths: Record<string, Record<string, { security?: unknown; responses: object }>> }>();
    const list = document.paths['/api/v1/things']?.get;
    expect(list?.security).toEqual([{ [BEARER_SCHEME]: [] }, { [SESSION_SCHEME]: [] }]);
    expect(Object.keys(list?.responses ?? {})).toEqual(expect.arrayContaining(['200', '401', '403']));
    expect(document.paths['/api/v1/things/public']?.get?.security).toBeUndefined();
  });
});

describe('request id', () => {
  it('is ours whatever the client sends', async () => {
    const answer = await get('/api/v1/things/public', { 'x-request-id': CANARY, 'request-id': CANARY });
    expect(isId(answer.headers['x-request-id'])).toBe(true);
    expect((await get('/api/v1/things/public')).headers['x-request-id']).not.toBe(answer.headers['x-request-id']);
  });
});

describe('GET /metrics', () => {
  it("answers in Prometheus' text format", async () => {
    const answer = await get('/metrics');
    expect(answer.headers['content-type']).toContain('text/plain; version=0.0.4');
    expect(answer.body).toContain('lethe_inflight_calls 0');
  });
});
