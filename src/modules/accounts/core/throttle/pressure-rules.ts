/** How one kind of attempt is slowed. A counter falls by one every `fallsEverySeconds`; from `free` on each attempt waits twice as long as the one before. */
export interface PressureRule {
  readonly free: number;
  readonly fallsEverySeconds: number;
  readonly longestWaitSeconds: number;
}

/** `network`: one address, or one /64 of IPv6. `account`: the name that was given, whether it is anybody's or not; for a proof in a session, the account. */
export const PRESSURE_RULES = {
  network_sign_in: { free: 30, fallsEverySeconds: 10, longestWaitSeconds: 300 },
  account_sign_in: { free: 5, fallsEverySeconds: 300, longestWaitSeconds: 900 },
  /** Usernames that somebody asks for at sign-up: each answer tells whether one is taken. */
  network_username: { free: 10, fallsEverySeconds: 120, longestWaitSeconds: 900 },
  /** The same of who is signed in and wants another username. */
  account_username: { free: 10, fallsEverySeconds: 600, longestWaitSeconds: 900 },
  network_mail: { free: 20, fallsEverySeconds: 60, longestWaitSeconds: 900 },
  /** From one network to one address, so that strangers cannot use up what its owner may ask for. */
  network_address_mail: { free: 4, fallsEverySeconds: 300, longestWaitSeconds: 900 },
  address_mail: { free: 20, fallsEverySeconds: 120, longestWaitSeconds: 300 },
  network_link: { free: 60, fallsEverySeconds: 2, longestWaitSeconds: 60 },
} as const satisfies Readonly<Record<string, PressureRule>>;

export type PressureKind = keyof typeof PRESSURE_RULES;

/** What a counter says of one more attempt at `nowMs`: the level after it, or how long to wait. */
export function weigh(
  rule: PressureRule,
  { level, changedAtMs }: { readonly level: number; readonly changedAtMs: number },
  nowMs: number,
): { readonly level: number } | { readonly waitSeconds: number } {
  // A clock set back, or another replica's that runs ahead, must not let anybody through earlier or lock anybody out for long.
  const elapsedSeconds = Math.max(0, (nowMs - changedAtMs) / 1_000);
  const now = Math.max(0, level - elapsedSeconds / rule.fallsEverySeconds);
  const wait = now < rule.free ? 0 : Math.min(rule.longestWaitSeconds, 2 ** (now - rule.free));
  if (elapsedSeconds < wait) return { waitSeconds: wait - elapsedSeconds };
  // Bounded, so that a long siege is over soon after its end.
  return { level: Math.min(now + 1, rule.free + Math.log2(rule.longestWaitSeconds) + 1) };
}
