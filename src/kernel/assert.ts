/** Stops at a state that only a bug in Lethe can reach. For bad input raise an `AppError` instead. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`invariant broken: ${message}`);
}

/** Marks the arm of a switch that the types say cannot be reached. */
export function unreachable(value: never): never {
  throw new Error(`invariant broken: unexpected ${typeof value}`);
}

/** The value, or a stop when it is absent although the code has made sure it is there. */
export function present<T>(value: T | null | undefined, what: string): T {
  if (value === null || value === undefined) throw new Error(`invariant broken: ${what} is absent`);
  return value;
}
