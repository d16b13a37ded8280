import { type Behaviour, checkBehaviour, ScenarioError } from './behaviour.ts';
import { behaviourOfModel, parseScenario } from './scenarios.ts';

/** Which calls a script is for: every named part must agree. */
export interface Matcher {
  readonly key?: string;
  readonly model?: string;
  readonly stream?: boolean;
  /** The script serves this many calls, then steps aside. */
  readonly times?: number;
}

/** One call, as far as choosing a behaviour needs it. */
export interface Subject {
  readonly key: string;
  readonly model: string;
  readonly stream: boolean;
}

interface Script {
  readonly matcher: Matcher;
  readonly behaviour: Behaviour;
  served: number;
}

/** Chooses each call's behaviour: the newest matching script, else the key's, else the one the model's name asks for. */
export class Scripts {
  readonly #byKey: ReadonlyMap<string, Behaviour>;
  #scripts: Script[] = [];
  #failed = new Map<string, number>();

  constructor(byKey: Readonly<Record<string, Behaviour | string>>) {
    this.#byKey = new Map(Object.entries(byKey).map(([key, behaviour]) => [key, readBehaviour(behaviour)]));
  }

  /** Returns a function that takes the script away. Throws `ScenarioError`. */
  add(matcher: Matcher, behaviour: Behaviour | string): () => void {
    const script: Script = { matcher, behaviour: readBehaviour(behaviour), served: 0 };
    this.#scripts.unshift(script);
    return () => {
      this.#scripts = this.#scripts.filter((other) => other !== script);
    };
  }

  /** Counts: a script with `times` is used up, and a behaviour with `failures` gives way. Throws `ScenarioError`. */
  choose(subject: Subject): Behaviour {
    const script = this.#scripts.find((candidate) => matches(candidate, subject));
    if (script !== undefined) script.served += 1;
    const behaviour = script?.behaviour ?? this.#byKey.get(subject.key) ?? behaviourOfModel(subject.model);
    return behaviour.failures === undefined ? behaviour : this.#whileFailing(behaviour, behaviour.failures, subject);
  }

  reset(): void {
    this.#scripts = [];
    this.#failed = new Map();
  }

  #whileFailing(behaviour: Behaviour, failures: number, { key, model }: Subject): Behaviour {
    const counter = `${key}\n${model}`;
    const failed = this.#failed.get(counter) ?? 0;
    if (failed >= failures) return {};
    this.#failed.set(counter, failed + 1);
    return behaviour;
  }
}

function matches({ matcher, served }: Script, subject: Subject): boolean {
  if (matcher.times !== undefined && served >= matcher.times) return false;
  if (matcher.key !== undefined && matcher.key !== subject.key) return false;
  if (matcher.model !== undefined && matcher.model !== subject.model) return false;
  return matcher.stream === undefined || matcher.stream === subject.stream;
}

function readBehaviour(behaviour: Behaviour | string): Behaviour {
  return typeof behaviour === 'string' ? parseScenario(behaviour) : checkBehaviour(behaviour);
}

const MATCHER_TYPES: Readonly<Record<string, string>> = { key: 'string', model: 'string', stream: 'boolean', times: 'number' };

/** Reads a script that came over the control endpoint: `{match, behaviour}`. Throws `ScenarioError`. */
export function readScript(value: unknown): { matcher: Matcher; behaviour: Behaviour } {
  const { match = {}, behaviour } = (value ?? {}) as { match?: unknown; behaviour?: unknown };
  if (typeof match !== 'object' || match === null) throw new ScenarioError('"match" is an object');
  for (const [name, given] of Object.entries(match)) {
    if (MATCHER_TYPES[name] !== typeof given) throw new ScenarioError(`"match.${name}" is not understood`);
  }
  return { matcher: match, behaviour: readBehaviour(behaviour as Behaviour | string) };
}
