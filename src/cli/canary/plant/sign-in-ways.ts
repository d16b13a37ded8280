import type { CanaryInstance } from '../instance/canary-instance.js';
import { Visitor } from './visitor.js';

/** How people come in under a profile. */
export interface SignInWays {
  readonly methods: readonly string[];
  readonly signUpIdentifiers: readonly string[];
}

export async function signInWays(instance: CanaryInstance): Promise<SignInWays> {
  return JSON.parse(await new Visitor(instance.lethe.url, {}).ask('GET', '/sign-in')) as SignInWays;
}
