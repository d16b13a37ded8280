import { assert } from '../../kernel/assert.js';
import type { EventHandler, QueueContracts, RepeatedJob } from './queue-ports.js';

const NAME = /^[a-z][a-z0-9_.-]{0,99}$/;

/** Who does what: one handler for a topic, one job for a name. Anything else stops the start-up. */
export class JobRegistry {
  private readonly handlers = new Map<string, EventHandler>();
  private readonly repeated = new Map<string, RepeatedJob>();

  /** Picks handlers and recurring jobs out of `providers`; an instance that is there under two tokens counts once. */
  static of(providers: Iterable<unknown>, contracts: Pick<QueueContracts, 'handler' | 'job'>): JobRegistry {
    const registry = new JobRegistry();
    for (const provider of new Set(providers)) {
      if (isA(provider, contracts.handler)) registry.addHandler(provider);
      if (isA(provider, contracts.job)) registry.addJob(provider);
    }
    return registry;
  }

  addHandler(handler: EventHandler): void {
    add(this.handlers, handler.topic, handler);
  }

  addJob(job: RepeatedJob): void {
    assert(Number.isInteger(job.everySeconds) && job.everySeconds > 0, `${job.name} runs every whole number of seconds`);
    add(this.repeated, job.name, job);
  }

  handler(topic: string): EventHandler | undefined {
    return this.handlers.get(topic);
  }

  job(name: string): RepeatedJob | undefined {
    return this.repeated.get(name);
  }

  jobs(): readonly RepeatedJob[] {
    return [...this.repeated.values()];
  }
}

function isA<T>(provider: unknown, type: { prototype: T }): provider is T {
  return typeof provider === 'object' && provider !== null && Object.prototype.isPrototypeOf.call(type.prototype as object, provider);
}

function add<T extends object>(map: Map<string, T>, name: string, provider: T): void {
  assert(NAME.test(name), `"${name}" (${provider.constructor.name}) is no name for a job`);
  assert(!map.has(name), `"${name}" belongs to both ${map.get(name)?.constructor.name} and ${provider.constructor.name}`);
  map.set(name, provider);
}
