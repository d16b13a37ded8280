/** ASCII characters to a token; the tokenisers in use take 3.5 (code) to 4.5 (English prose). */
const CHARACTERS_PER_TOKEN = 4;

/**
 * Tokens for each UTF-8 byte beyond the first of a code unit. With the quarter every unit costs, an accented or Cyrillic
 * letter comes to 5/8 of a token, a Chinese or Japanese character to one, an emoji to a little over one.
 */
const TOKENS_PER_EXTRA_BYTE = 3 / 8;

/**
 * Guesses how many tokens texts are, from two lengths the engine knows or counts natively: no table, no walk over
 * characters. An estimate only: it sets holds, and charges calls whose provider never reported usage.
 */
export class TokenMeter {
  #units = 0;
  #bytes = 0;
  #fixed = 0;

  add(text: string): void {
    this.#units += text.length;
    this.#bytes += Buffer.byteLength(text);
  }

  /** Tokens that no text stands for: an image, a message's frame. */
  addFixed(tokens: number): void {
    this.#fixed += tokens;
  }

  get tokens(): number {
    return Math.ceil(this.#fixed + this.#units / CHARACTERS_PER_TOKEN + (this.#bytes - this.#units) * TOKENS_PER_EXTRA_BYTE);
  }
}

/** The tokens of one text, guessed: see {@link TokenMeter}. Zero only for the empty text. */
export function estimateTokens(text: string): number {
  const meter = new TokenMeter();
  meter.add(text);
  return meter.tokens;
}
