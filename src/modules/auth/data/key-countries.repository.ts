import { Injectable } from '@nestjs/common';
import type { DuePage, LastDay } from '../../../contracts/due-organisations.js';
import type { ApiKeyId, OrganisationId } from '../../../kernel/ids.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import type { ApiKeyRef } from '../auth.contract.js';
import { KeyCountryEntity } from './key-country.entity.js';

/** A key was used from a country. */
export interface KeySighting {
  readonly keyId: ApiKeyId;
  readonly country: string;
  /** UTC day. */
  readonly day: string;
}

@Injectable()
export class KeyCountriesRepository {
  /**
   * Keeps where keys were used from, each key and country at most once in `sightings`, and answers the keys that came from a country they had
   * never come from before, having come from others. Revoked keys are left out.
   */
  async note(tx: Tx, sightings: readonly KeySighting[]): Promise<{ readonly organisationId: OrganisationId; readonly keyId: ApiKeyId }[]> {
    // In the order of their keys: replicas that write at once lock rows in the same order.
    const sorted = [...sightings].sort((a, b) => (a.keyId + a.country < b.keyId + b.country ? -1 : 1));
    return tx.query(
      `WITH seen AS (
         SELECT k.organisation_id, s.key_id, s.country, s.day, EXISTS (SELECT FROM key_country c WHERE c.key_id = s.key_id) AS known
         FROM unnest($1::uuid[], $2::text[], $3::date[]) AS s (key_id, country, day)
         JOIN api_key k ON k.id = s.key_id AND k.revoked_at IS NULL
       ), written AS (
         INSERT INTO key_country AS c (organisation_id, key_id, country, first_seen_on, last_seen_on)
         SELECT organisation_id, key_id, country, day, day FROM seen
         ON CONFLICT (key_id, country) DO UPDATE SET last_seen_on = greatest(c.last_seen_on, excluded.last_seen_on)
         RETURNING key_id, country, xmax = 0 AS is_new
       )
       SELECT DISTINCT organisation_id AS "organisationId", key_id AS "keyId"
       FROM seen JOIN written USING (key_id, country) WHERE known AND is_new`,
      [sorted.map(({ keyId }) => keyId), sorted.map(({ country }) => country), sorted.map(({ day }) => day)],
    );
  }

  /** In the order they were first seen. There are never more than there are countries. */
  list(tx: Tx, { organisationId, id }: ApiKeyRef): Promise<KeyCountryEntity[]> {
    return tx.find(KeyCountryEntity, { where: { organisationId, keyId: id }, order: { firstSeenOn: 'ASC', country: 'ASC' } });
  }

  async forget(tx: Tx, { organisationId, id }: ApiKeyRef): Promise<void> {
    await tx.delete(KeyCountryEntity, { organisationId, keyId: id });
  }

  /** Organisations, by id, that have a country not seen since the end of a day. */
  async organisations(tx: Tx, { latestDay, after, limit }: DuePage): Promise<OrganisationId[]> {
    const rows = await tx.query<{ id: OrganisationId }[]>(
      `SELECT DISTINCT organisation_id AS id FROM key_country
       WHERE last_seen_on <= $1 AND ($2::uuid IS NULL OR organisation_id > $2) ORDER BY 1 LIMIT $3`,
      [latestDay, after, limit],
    );
    return rows.map(({ id }) => id);
  }

  /** Removes what each organisation has not seen since the end of its day. Answers how many rows. */
  async forgetUnseen(tx: Tx, days: readonly LastDay[]): Promise<number> {
    const [, count] = await tx.query<[unknown[], number]>(
      `DELETE FROM key_country c USING unnest($1::uuid[], $2::date[]) AS d (organisation_id, day)
       WHERE c.organisation_id = d.organisation_id AND c.last_seen_on <= d.day`,
      [days.map(({ organisationId }) => organisationId), days.map(({ day }) => day)],
    );
    return count;
  }
}
