import type { Exchange } from './exchange.js';

/**
 * The calls a process is at work on. An array in which the last call takes the place of one that ends, because a `Set` under constant change
 * moves to a new table again and again, and each table it left keeps its calls, and the next table, from being collected young.
 */
export class CallsInFlight implements Iterable<Exchange> {
  private readonly calls: Exchange[] = [];

  get size(): number {
    return this.calls.length;
  }

  add(exchange: Exchange): void {
    exchange.place = this.calls.push(exchange) - 1;
  }

  /** Does nothing for a call that is not among them. */
  remove(exchange: Exchange): void {
    if (this.calls[exchange.place] !== exchange) return;
    const last = this.calls.pop();
    if (last && last !== exchange) {
      last.place = exchange.place;
      this.calls[last.place] = last;
    }
    exchange.place = -1;
  }

  /** Those of this moment: calls may end while they are gone through. */
  [Symbol.iterator](): Iterator<Exchange> {
    return [...this.calls].values();
  }
}
