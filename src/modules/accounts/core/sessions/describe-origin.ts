import { hash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import Bowser from 'bowser';
import type { AccountId } from '../../../../kernel/ids.js';
import { subscriberOf } from '../../../../platform/http/allowed-networks.js';
import { CoarsePlaces } from '../../../../platform/http/coarse-place.js';
import type { SignInOrigin } from '../../accounts.contract.js';

/** What is read of a user agent: longer ones come from nobody's browser. */
const READ_CHARACTERS = 400;
const SHOWN_CHARACTERS = 80;
const TAG_BITS = 24;

/** What is kept of where a sign-in came from: enough for its owner to tell it apart, too little to find anyone. */
export interface DescribedOrigin {
  readonly device: string | null;
  readonly country: string | null;
  readonly region: string | null;
  readonly networkTag: number;
}

/** Reduces an origin to what a session may remember of it. The address itself is never kept. */
@Injectable()
export class DescribeOrigin {
  constructor(private readonly places: CoarsePlaces) {}

  run(accountId: AccountId, origin: SignInOrigin): DescribedOrigin {
    const place = this.places.find(origin.remoteAddress);
    return {
      device: deviceOf(origin.userAgent),
      country: place?.country ?? null,
      region: place?.region ?? null,
      networkTag: networkTagOf(accountId, origin.remoteAddress),
    };
  }
}

/** 24 bits of a digest of both: the same network gives every account another tag, and many networks share each. */
export function networkTagOf(accountId: AccountId, remoteAddress: string): number {
  return hash('sha256', `${accountId} ${subscriberOf(remoteAddress)}`, 'buffer').readUIntBE(0, TAG_BITS / 8);
}

/** `Firefox on Linux`; null when neither is known. Versions stay away: they change weekly and tell people apart. */
export function deviceOf(userAgent: string | null): string | null {
  if (userAgent === null || userAgent === '') return null;
  const { browser, os } = Bowser.parse(userAgent.slice(0, READ_CHARACTERS));
  const named = [browser.name, os.name].filter((name) => name !== undefined && name !== '');
  return named.length === 0
    ? null
    : named
        .join(' on ')
        .replace(/[^\p{L}\p{N} ._-]/gu, '')
        .slice(0, SHOWN_CHARACTERS);
}
