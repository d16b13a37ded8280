/**
 * Work the worker role does again and again. However many workers run, one of them does each round; a round that fails is
 * logged, counted and tried again at the next tick. `name` is unique: two jobs with one name stop the start-up.
 */
export abstract class RecurringJob {
  abstract readonly name: string;
  abstract readonly everySeconds: number;
  abstract run(signal: AbortSignal): Promise<void>;
}
