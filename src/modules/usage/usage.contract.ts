import type { ApiKeyId, BudgetId, CallId, CredentialId, Id, OrganisationId, ProjectId } from '../../kernel/ids.js';
import type { Money } from '../../kernel/money.js';

/** Who a call is for: what limits, budgets and records are kept by. */
export interface CallSubject {
  readonly organisationId: OrganisationId;
  readonly projectId: ProjectId;
  readonly keyId: ApiKeyId;
}

/** Stands for one end user of one organisation: a hash that only this installation can make. */
export type EndUserId = Id<'end_user'>;

/** The people an organisation's program makes calls for. Also the injection token. */
export abstract class EndUsers {
  /**
   * Whom `name`, the id that the program calls them by, stands for. The same for good, and another one in every organisation. Raises
   * `usage/end_users_not_ready` before the key of the hash is open.
   */
  abstract idOf(organisationId: OrganisationId, name: string): EndUserId;
}

/** Tokens of one call. Totals are normalised: cached and cache-write tokens are inside `inputTokens`, reasoning inside `outputTokens`. */
export interface TokenUsage {
  readonly inputTokens: number;
  readonly cachedInputTokens: number;
  readonly cacheWriteTokens: number;
  readonly outputTokens: number;
  readonly reasoningTokens: number;
}

/** What a model costs. Amounts per million tokens, tiers by the call's input tokens. */
export interface ModelPrice {
  readonly source: 'catalogue' | 'override';
  readonly currency: 'USD';
  /** The cost of this usage, exact. */
  cost(usage: TokenUsage): Money;
}

/** Prices: operator overrides first, then the catalogue. Null is "unknown", which is never zero. Also the injection token. */
export abstract class Prices {
  abstract find(provider: string, model: string): ModelPrice | null;
}

/** One kind of rate limit as it stands for the caller: the tightest of organisation, project and key. */
export interface RateLimitWindow {
  readonly limit: number;
  readonly remaining: number;
  /** Seconds until the window is fully free again. */
  readonly resetSeconds: number;
}

export interface RateLimitStatus {
  readonly requests: RateLimitWindow | null;
  readonly tokens: RateLimitWindow | null;
}

/** Tokens taken ahead of a call, to be put right when the true count is known. */
export interface RateLimitTicket {
  readonly status: RateLimitStatus;
  /** Books the difference between the tokens taken and the tokens used. Never waits and never fails. */
  adjust(actualTokens: number): void;
}

/** Requests and tokens per minute. Also the injection token. */
export abstract class RateLimits {
  /** Takes one request and `tokens` tokens, or raises `usage/rate_limited` with the time to wait. */
  abstract take(subject: CallSubject, tokens: number): Promise<RateLimitTicket>;
}

/** Where a hold is placed. */
export interface BudgetHold {
  readonly id: BudgetId;
  /** First day of the period, `YYYY-MM-DD` UTC. */
  readonly start: string;
}

/** What is written before a call goes upstream. */
export interface CallIntent extends CallSubject {
  readonly id: CallId;
  readonly startedAtMs: number;
  readonly operation: 'chat';
  readonly requestedModel: string;
  readonly stream: boolean;
  readonly clientRequestId: string | null;
  /** Null when the call named nobody. */
  readonly endUserId: EndUserId | null;
  /** The most the call is expected to cost; null when no target has a known price. */
  readonly hold: Money | null;
}

/** One try at one target, as the routing trace tells it (R3). */
export interface AttemptRecord {
  readonly credentialId: CredentialId;
  readonly provider: string;
  readonly model: string;
  /** Why this target was tried: `first`, `retry`, `failover`. */
  readonly reason: 'first' | 'retry' | 'failover';
  readonly outcome: string;
  readonly status: number | null;
  readonly ms: number;
}

/** How a call ended. */
export interface CallSettlement {
  readonly outcome: 'succeeded' | 'failed' | 'cut' | 'disconnected';
  readonly httpStatus: number | null;
  readonly errorCode: string | null;
  readonly finishReason: string | null;
  readonly provider: string | null;
  readonly upstreamModel: string | null;
  readonly credentialId: CredentialId | null;
  readonly upstreamRequestId: string | null;
  readonly usageSource: 'reported' | 'measured' | 'none' | 'unknown';
  readonly usage: TokenUsage | null;
  /** Null: unknown. */
  readonly cost: Money | null;
  readonly priceSource: 'catalogue' | 'override' | null;
  readonly latencyMs: number;
  readonly firstTokenMs: number | null;
  readonly attempts: readonly AttemptRecord[];
}

/** A call whose intent is durable. */
export interface OpenCall {
  readonly id: CallId;
  /**
   * Writes the record and gives the rest of the hold back, exactly once however often it is called. Resolves when that is durable;
   * does not reject: when Postgres is away it goes to the journal, and waits in memory if even that fails (U3).
   */
  settle(settlement: CallSettlement): Promise<void>;
}

/** The ledger of calls. Also the injection token. */
export abstract class CallLedger {
  /** Replays what earlier processes left in the local journal, and starts to say that this one is alive. */
  abstract start(): Promise<void>;
  /** Waits until everything handed in is durable. Call it when no call is in flight any more. */
  abstract stop(): Promise<void>;
  /**
   * Makes the intent and its hold durable. Raises `usage/budget_exceeded` when a hard budget has no room for the hold,
   * `usage/price_unknown` when one applies and the hold is unknown, `usage/ledger_unavailable` when neither Postgres nor the journal can take it.
   */
  abstract open(intent: CallIntent): Promise<OpenCall>;
}
