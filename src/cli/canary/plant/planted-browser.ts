import type { CanaryInstance } from '../instance/canary-instance.js';
import type { CanaryBook } from '../scan/canary-book.js';
import { neverKept, type PlantedWord } from './planted-word.js';
import { Visitor } from './visitor.js';

/** Somebody's browser, with a word in all that it says of itself. */
export interface PlantedBrowser {
  readonly browser: Visitor;
  readonly words: readonly PlantedWord[];
}

export function plantedBrowser(instance: CanaryInstance, book: CanaryBook, who: string): PlantedBrowser {
  const [address, agent] = [`address of ${who}`, `user agent of ${who}`];
  const headers = { 'x-forwarded-for': book.address(address), 'user-agent': `Mozilla/5.0 (${book.word(agent)})` };
  return {
    browser: new Visitor(instance.lethe.url, headers),
    words: [neverKept(address, 'address', 'network_trace'), neverKept(agent, 'user agent', 'network_trace')],
  };
}
