/** What the bench needs to know of a thing it measures. */
import type { Cores } from '../processes.ts';

export interface TargetContext {
  /** The upstream's base address, ending in /v1. */
  readonly upstreamUrl: string;
  /** Undefined when the machine cannot pin. */
  readonly cores: Cores | undefined;
  readonly verbose: boolean;
}

export interface RunningTarget {
  /** Base address, ending in /v1. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly model: string;
  /** Processes whose CPU and memory are the gateway's own. */
  gatewayPids(): readonly number[];
  /** Processes the gateway needs beside it (a database), on the load core. */
  sidePids(): readonly number[];
  stop(): Promise<void>;
}
