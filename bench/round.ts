/**
 * One round: a target, a mode, a number of connections, and what it cost while the load generator's window was open.
 */
import { fileURLToPath } from 'node:url';
import type { LoadFigures, LoadMessage, LoadRound } from './load.ts';
import type { Mode, Options } from './options.ts';
import {
  type Cores,
  coreSeconds,
  cpuSeconds,
  forgetPeakRss,
  peakRssMb,
  type RunningProgram,
  startNode,
  waitedSeconds,
} from './processes.ts';
import type { RunningTarget } from './targets/target.ts';

export interface Cell {
  readonly mode: Mode;
  readonly connections: number;
}

export interface RoundFigures {
  readonly load: LoadFigures;
  readonly gatewayCpuSeconds: number;
  readonly sideCpuSeconds: number;
  /** Load generator, upstream and the gateway's database together, as a share of the window: near 1, the figures are a floor. */
  readonly loadCoreShare: number;
  readonly gatewayCoreShare: number;
  /** The part of a core's time, on the worse of the two, that went to processes not ours or to other virtual machines. */
  readonly foreignShare: number;
  /** Share of the window in which the gateway's main thread could have run but somebody else had its core. */
  readonly gatewayWaitedShare: number;
  readonly gatewayRssPeakMb: number;
}

/** What is said in a call. */
export interface Talk {
  readonly prompt: string;
  /** Limit of an unstreamed answer, in tokens of about six bytes; the stand-in puts some 800 bytes around them. */
  readonly answerTokens: number;
}

/** About 1 kB each way. */
const shortTalk: Talk = {
  prompt: 'The quick brown fox jumps over the lazy dog while the gateway keeps its promise. '.repeat(11).slice(0, 850),
  answerTokens: 48,
};

/** A chat request. */
export function chatRequest(target: RunningTarget, mode: Mode, streamTokens: number, talk = shortTalk): string {
  const body = JSON.stringify({
    model: target.model,
    ...(mode === 'streaming' ? { stream: true, stream_options: { include_usage: true } } : {}),
    max_tokens: mode === 'streaming' ? streamTokens : talk.answerTokens,
    messages: [
      { role: 'system', content: 'Answer briefly.' },
      { role: 'user', content: talk.prompt },
    ],
  });
  const { host, pathname } = new URL(`${target.url}/chat/completions`);
  const head = [
    `POST ${pathname} HTTP/1.1`,
    `host: ${host}`,
    'content-type: application/json',
    'accept: application/json, text/event-stream',
    `content-length: ${Buffer.byteLength(body)}`,
    ...Object.entries(target.headers).map(([name, value]) => `${name}: ${value}`),
  ];
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}

export class Bench {
  readonly #options: Options;
  readonly #cores: Cores | undefined;
  readonly #upstreamPid: number;
  readonly #load: RunningProgram;

  private constructor(options: Options, cores: Cores | undefined, pids: { upstream: number; load: RunningProgram }) {
    this.#options = options;
    this.#cores = cores;
    this.#upstreamPid = pids.upstream;
    this.#load = pids.load;
  }

  static async start(options: Options, cores: Cores | undefined, upstreamPid: number): Promise<Bench> {
    const script = fileURLToPath(new URL('./load.ts', import.meta.url));
    const load = startNode({ args: [script], core: cores?.load, ipc: true, loud: true });
    await new Promise<void>((resolve, reject) => {
      load.child.once('message', () => resolve());
      load.child.once('exit', () => reject(new Error(`the load generator did not start:\n${load.lastWords()}`)));
    });
    return new Bench(options, cores, { upstream: upstreamPid, load });
  }

  async run(target: RunningTarget, cell: Cell, seconds = this.#options.seconds, talk?: Talk): Promise<RoundFigures> {
    const { tokens, delayMs } = this.#options.stream;
    const streamMs = cell.mode === 'streaming' ? tokens * delayMs : 0;
    const { hostname, port } = new URL(target.url);
    const meter = new Meter(target, this.#cores, [this.#load.pid, this.#upstreamPid, process.pid]);
    const load = await this.#loadRound(
      {
        host: hostname,
        port: Number(port),
        request: chatRequest(target, cell.mode, tokens, talk),
        connections: cell.connections,
        spreadMs: streamMs,
        settleSeconds: Math.max(Math.min(1, seconds), (2.5 * streamMs) / 1000),
        seconds,
      },
      meter,
    );
    return { load, ...meter.figures(load.seconds) };
  }

  stop(): Promise<void> {
    return this.#load.stop();
  }

  #loadRound(round: LoadRound, meter: Meter): Promise<LoadFigures> {
    const { child } = this.#load;
    return new Promise((resolve, reject) => {
      const died = (): void => reject(new Error(`the load generator died:\n${this.#load.lastWords()}`));
      const listen = (message: LoadMessage): void => {
        if (message.kind === 'window-open') meter.open();
        else if (message.kind === 'window-closed') meter.close();
        else if (message.kind === 'done') {
          child.off('message', listen).off('exit', died);
          resolve(message.figures);
        }
      };
      child.on('message', listen).once('exit', died);
      child.send(round);
    });
  }
}

interface Reading {
  readonly gateway: number;
  readonly waited: number;
  readonly side: number;
  readonly load: number;
  readonly cores: readonly { readonly busy: number; readonly stolen: number }[];
}

/** Reads the kernel's counters when the window opens and when it closes. */
class Meter {
  readonly #gatewayPids: readonly number[];
  readonly #sidePids: () => readonly number[];
  readonly #loadPids: readonly number[];
  readonly #cores: Cores | undefined;
  #from: Reading | undefined;
  #to: Reading | undefined;
  #rssPeakMb = 0;

  constructor(target: RunningTarget, cores: Cores | undefined, loadPids: readonly number[]) {
    this.#gatewayPids = target.gatewayPids();
    this.#sidePids = () => target.sidePids();
    this.#loadPids = loadPids;
    this.#cores = cores;
  }

  open(): void {
    for (const pid of this.#gatewayPids) forgetPeakRss(pid);
    this.#from = this.#read();
  }

  close(): void {
    this.#to = this.#read();
    this.#rssPeakMb = peakRssMb(this.#gatewayPids);
  }

  figures(seconds: number): Omit<RoundFigures, 'load'> {
    const [from, to] = [this.#from, this.#to];
    if (from === undefined || to === undefined) throw new Error('the window was never opened or never closed');
    const gateway = to.gateway - from.gateway;
    const side = to.side - from.side;
    const load = to.load - from.load;
    // Without pinning there is no telling which core a process of ours was on.
    const ours = [...(this.#gatewayPids.length === 0 ? [] : [coreTime(from, to, 0) - gateway]), coreTime(from, to, 1) - load - side];
    const foreign = this.#cores === undefined ? [0] : ours;
    return {
      gatewayCpuSeconds: gateway,
      sideCpuSeconds: side,
      gatewayCoreShare: gateway / seconds,
      loadCoreShare: (load + side) / seconds,
      foreignShare: Math.max(0, ...foreign) / seconds,
      gatewayWaitedShare: (to.waited - from.waited) / seconds,
      gatewayRssPeakMb: this.#rssPeakMb,
    };
  }

  #read(): Reading {
    const cores = this.#cores === undefined ? [] : [this.#cores.gateway, this.#cores.load];
    return {
      gateway: cpuSeconds(this.#gatewayPids),
      waited: waitedSeconds(this.#gatewayPids),
      side: cpuSeconds(this.#sidePids()),
      load: cpuSeconds(this.#loadPids),
      cores: cores.map(coreSeconds),
    };
  }
}

function coreTime(from: Reading, to: Reading, at: number): number {
  const [before, after] = [from.cores[at], to.cores[at]];
  if (before === undefined || after === undefined) return 0;
  return after.busy + after.stolen - before.busy - before.stolen;
}
