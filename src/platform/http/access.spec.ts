import 'reflect-metadata';
import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { describe, expect, it } from 'vitest';
import { SystemClock } from '../../kernel/clock.js';
import { TelemetryModule } from '../telemetry/telemetry.module.js';
import { Public, Requires } from './access.js';
import { ControlPlaneHttpModule } from './control-plane-http.module.js';
import { declaredErrors } from '../../kernel/errors.js';
import { errorsDocument } from './errors-doc.js';
import { permissionsDocument } from './permissions-doc.js';

@Controller('good')
class GoodController {
  @Get('open')
  @Public()
  open(): string {
    return 'open';
  }

  @Get(':id')
  @Requires('usage:read')
  closed(): string {
    return 'closed';
  }
}

@Controller('bad')
class SilentController {
  @Get('silent')
  silent(): string {
    return 'who may?';
  }
}

@Controller('bad')
class ContradictoryController {
  @Get('both')
  @Public()
  @Requires('usage:read')
  both(): string {
    return 'who may?';
  }
}

async function start(...controllers: (new () => object)[]): Promise<void> {
  const telemetry = TelemetryModule.forRoot({
    log: { level: 'silent' },
    metrics: { clock: new SystemClock(), processMetrics: false },
    exposeMetrics: true,
  });
  @Module({ imports: [telemetry, ControlPlaneHttpModule], controllers })
  class TestModule {}
  const app = await NestFactory.create(TestModule, new FastifyAdapter(), { logger: false, abortOnError: false });
  app.setGlobalPrefix('api');
  try {
    await app.init();
  } finally {
    await app.close();
  }
}

describe('the start-up check of access', () => {
  it('starts when every route declares exactly one kind of access', async () => {
    await expect(start(GoodController)).resolves.toBeUndefined();
  });

  it('stops the start-up for a route that declares none, and names it', async () => {
    await expect(start(GoodController, SilentController)).rejects.toThrow('GET /api/bad/silent (SilentController.silent)');
  });

  it('stops the start-up for a route that declares both', async () => {
    await expect(start(ContradictoryController)).rejects.toThrow('GET /api/bad/both (ContradictoryController.both)');
  });
});

describe('generated documents', () => {
  it('permissions.md lists every permission with its routes, and the open routes', () => {
    const document = permissionsDocument([
      { method: 'GET', path: '/api/v1/usage', handler: 'U.list', access: { kind: 'permission', permission: 'usage:read' } },
      { method: 'GET', path: '/health/live', handler: 'H.live', access: { kind: 'public' } },
    ]);
    expect(document).toContain('| `usage:read` | Read the usage ledger and its summaries. | `GET /api/v1/usage` |');
    expect(document).toContain('| `audit:read` | Read the audit log. | – |');
    expect(document).toContain('- `GET /health/live`');
  });

  it('A2: permissions.md says what each role of a member holds', () => {
    const document = sectionOf(permissionsDocument([]), 'Roles of members');
    expect(document).toContain('| permission | owner | admin | billing | developer | viewer | privacy officer |');
    expect(document).toContain('| `ownership:write` | ● |  |  |  |  |  |');
    expect(document).toContain('| `usage:read` | ● | ● | ● | ● | ● | ● |');
    expect(document).not.toMatch(/^\| `staff:write` \| [● ]*\|/m);
  });

  it('A4: permissions.md says what each role of staff holds, and what of it takes a grant', () => {
    const document = sectionOf(permissionsDocument([]), 'Roles of staff');
    expect(document).toContain('| permission | administrator | support | privacy officer | auditor |');
    expect(document).toContain('| `staff:write` | ● |  |  |  |');
    expect(document).toContain('| `usage:read` | ○ | ○ |  |  |');
    expect(document).not.toContain('`keys:write`');
  });

  it('errors.md lists every declared error under its module', () => {
    const document = errorsDocument(declaredErrors());
    expect(document).toContain('## http\n');
    expect(document).toContain('| `lethe/not_found` | 404 | No such resource. |');
  });
});

function sectionOf(document: string, title: string): string {
  return document.split('\n## ').find((section) => section.startsWith(title)) ?? '';
}
