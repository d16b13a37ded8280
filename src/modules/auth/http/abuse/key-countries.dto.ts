import type { KeyCountryEntity } from '../../data/key-country.entity.js';

/** A country a key has been used from. */
export class KeyCountryDto {
  /** ISO 3166-1 alpha-2. */
  country: string;

  /** UTC day, `YYYY-MM-DD`. */
  firstSeenOn: string;

  /** UTC day, `YYYY-MM-DD`. */
  lastSeenOn: string;

  static of(this: void, { country, firstSeenOn, lastSeenOn }: KeyCountryEntity): KeyCountryDto {
    return { country, firstSeenOn, lastSeenOn };
  }
}

/** Where a key has been used from, as far as a local GeoIP database knows. */
export class KeyCountriesDto {
  /** In the order they were first seen. */
  countries: KeyCountryDto[];
}
