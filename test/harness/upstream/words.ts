// Neutral words; every eighth carries characters of two, three or four bytes, so that careless decoders show themselves.
const WORDS = (
  'river stone light garden paper window harbour café lantern meadow copper bridge thread winter signal 雨音 ' +
  'orchard letter valley market silver button marble 🌿 island pencil summer basket needle planet velvet naïve'
).split(' ');

const cache = new Map<number, readonly string[]>();

/** `count` tokens of text, one word each; all but the first start with a space. `bytes` pads each word to about that size. */
export function wordsOf(count: number, bytes = 0): readonly string[] {
  if (bytes > 0) {
    const word = ` ${'flood '.repeat(Math.ceil(bytes / 6)).slice(0, bytes - 1)}`;
    return Array.from({ length: count }, () => word);
  }
  let words = cache.get(count);
  if (words === undefined) {
    words = Array.from({ length: count }, (_, index) => (index === 0 ? '' : ' ') + WORDS[index % WORDS.length]!);
    cache.set(count, words);
  }
  return words;
}

const escaped = new Map<string, string>();

/** A word as a JSON string; remembered, because streams need the same few thousands of times. */
export function wordJson(word: string): string {
  let json = escaped.get(word);
  if (json === undefined) {
    json = JSON.stringify(word);
    if (escaped.size < 256) escaped.set(word, json);
  }
  return json;
}
