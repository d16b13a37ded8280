/**
 * Work the worker role does again and again. However many workers run, one of them does each round; a round that fails is
 * logged, counted and tried again at the next tick. `name` is unique: two jobs with one name stop the start-up.
 */
export abstract class RecurringJob {
  abstract readonly name: string;
  abstract readonly everySeconds: number;
  /** Whether a round may take minutes. Such jobs have workers of their own, so that those of every few seconds never wait behind them. */
  readonly isLong: boolean = false;
  abstract run(signal: AbortSignal): Promise<void>;
}
