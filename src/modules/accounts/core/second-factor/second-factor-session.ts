import type { AccountId, SessionId } from '../../../../kernel/ids.js';

/** The session in which somebody sets a factor up or presents one. */
export interface SecondFactorSession {
  readonly accountId: AccountId;
  readonly sessionId: SessionId;
}
