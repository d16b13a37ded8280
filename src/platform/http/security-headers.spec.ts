import 'reflect-metadata';
import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Public } from './access.js';
import { configureControlPlane, fastifyOptions } from './control-plane.js';

@Controller('api/v1/thing')
class ThingController {
  @Get()
  @Public()
  show(): { ok: true } {
    return { ok: true };
  }
}

@Module({ controllers: [ThingController] })
class TestModule {}

async function start(development: boolean, corsOrigins: string[]): Promise<NestFastifyApplication> {
  const app = await NestFactory.create<NestFastifyApplication>(TestModule, new FastifyAdapter(fastifyOptions(10_000)), { logger: false });
  await configureControlPlane(app, { development, corsOrigins });
  app
    .getHttpAdapter()
    .getInstance()
    .post('/v1/raw', () => 'raw');
  SwaggerModule.setup('docs', app, SwaggerModule.createDocument(app, new DocumentBuilder().build()));
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
  return app;
}

let app: NestFastifyApplication;
let production: NestFastifyApplication;
beforeAll(async () => {
  app = await start(true, []);
  production = await start(false, ['https://console.example']);
});
afterAll(async () => {
  await app.close();
  await production.close();
});

type Answer = Awaited<ReturnType<NestFastifyApplication['inject']>>;

function get(url: string, headers: Record<string, string> = {}): Promise<Answer> {
  return app.inject({ method: 'GET', url, headers });
}

describe('security headers', () => {
  it('S1: answers of the API are not cached, framed, sniffed or run; HSTS outside development', async () => {
    const url = '/api/v1/thing';
    const { headers } = await production.inject({ method: 'GET', url });
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'strict-transport-security': 'max-age=63072000; includeSubDomains',
    });
    expect(headers['content-security-policy']).toContain("default-src 'none'");
    expect((await get(url)).headers['strict-transport-security']).toBeUndefined();
    expect((await get('/nowhere')).headers['x-content-type-options']).toBe('nosniff');
  });

  it('S1: the data plane gets the few headers that matter to programs', async () => {
    const { headers } = await production.inject({ method: 'POST', url: '/v1/raw' });
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'strict-transport-security': 'max-age=63072000; includeSubDomains',
    });
    expect(headers['content-security-policy']).toBeUndefined();
  });

  it('lets Swagger UI load its own scripts, and no inline one', async () => {
    const page = await get('/docs');
    expect(page.statusCode).toBe(200);
    expect(page.headers['content-security-policy']).toContain("script-src 'self'");
    expect(page.headers['content-security-policy']).not.toMatch(/script-src[^;]*unsafe/);
    expect(page.body).not.toMatch(/<script(?![^>]*\ssrc=)/);
    expect((await get('/docs/swagger-ui-init.js')).statusCode).toBe(200);
  });

  it('S1: no origin may call from a browser unless it is listed', async () => {
    const ask = (origin: string): Promise<Answer> =>
      production.inject({ method: 'OPTIONS', url: '/api/v1/thing', headers: { origin, 'access-control-request-method': 'GET' } });
    expect((await ask('https://console.example')).headers['access-control-allow-origin']).toBe('https://console.example');
    expect((await ask('https://evil.example')).headers['access-control-allow-origin']).toBeUndefined();
    expect((await get('/api/v1/thing', { origin: 'https://console.example' })).headers['access-control-allow-origin']).toBeUndefined();
  });
});
